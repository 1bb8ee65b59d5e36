"""Which metric groups are on after a policy's lists."""

from __future__ import annotations

import pytest

from pktvisor.metrics import choose_groups

GROUPS = {"counters": True, "top_ips": True, "extra": False, "another": False}


def test_without_lists_the_defaults_are_on() -> None:
    assert choose_groups(GROUPS) == {"counters", "top_ips"}


def test_enable_is_applied_after_disable() -> None:
    chosen = choose_groups(GROUPS, enable=["counters", "extra"], disable=["counters", "top_ips"])
    assert chosen == {"counters", "extra"}


def test_disabling_all_clears_every_group() -> None:
    assert choose_groups(GROUPS, disable=["all"]) == frozenset()


def test_disabling_all_and_enabling_some_leaves_these() -> None:
    assert choose_groups(GROUPS, disable=["all"], enable=["extra"]) == {"extra"}


def test_enabling_all_sets_every_group() -> None:
    assert choose_groups(GROUPS, enable=["all"]) == set(GROUPS)


@pytest.mark.parametrize("which", ["enable", "disable"])
def test_nothing_behind_all_is_read(which: str) -> None:
    choose_groups(GROUPS, **{which: ["all", "no such group"]})


@pytest.mark.parametrize("which", ["enable", "disable"])
def test_an_unknown_group_is_refused_with_those_there_are(which: str) -> None:
    with pytest.raises(ValueError, match="unknown metric group 'rates'") as refused:
        choose_groups(GROUPS, **{which: ["extra", "rates"]})
    assert str(refused.value).endswith("allowed are all, another, counters, extra, top_ips")


def test_a_handler_without_groups_knows_all_alone() -> None:
    assert choose_groups({}, enable=["all"]) == frozenset()
    with pytest.raises(ValueError, match=r"allowed are all$"):
        choose_groups({}, disable=["counters"])
