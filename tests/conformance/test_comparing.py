"""The comparison itself tells differences from tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.comparing import compare, rank_error, same_top


def _verdict(theirs: Any, ours: Any, path: tuple[str, ...], values: list[float]) -> str:
    for name in reversed(path):
        theirs, ours = {name: theirs}, {name: ours}
    (finding,) = compare(theirs, ours, lambda _: values)
    return finding.verdict


def _p(value: float) -> Mapping[str, float]:
    return dict.fromkeys(("p50", "p90", "p95", "p99"), value)


@pytest.mark.parametrize(
    ("theirs", "ours", "path", "verdict"),
    [
        (5, 5, ("dns", "total"), "equal"),
        (5, 6, ("dns", "total"), "different"),
        (None, 6, ("dns", "total"), "different"),
        (1000, 1030, ("dns", "cardinality", "qname"), "within"),
        (1000, 1031, ("dns", "cardinality", "qname"), "different"),
    ],
)
def test_numbers(theirs: Any, ours: Any, path: tuple[str, ...], verdict: str) -> None:
    """A count must be equal; a cardinality may be 3 % off."""
    assert _verdict(theirs, ours, path, []) == verdict


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ([("a", 5), ("b", 2)], [("a", 5), ("c", 2)], True),
        ([("a", 5), ("b", 2)], [("c", 5), ("b", 2)], False),
        ([("a", 5), ("b", 2)], [("a", 5), ("b", 3)], False),
        ([("a", 5), ("b", 2)], [("a", 5)], False),
        ([("a", 5), ("b", 5), ("c", 2)], [("b", 5), ("a", 5), ("c", 2)], True),
    ],
)
def test_top_lists_may_differ_only_in_names_that_tie_at_the_end(
    theirs: list[tuple[str, int]], ours: list[tuple[str, int]], same: bool
) -> None:
    left, right = ([{"name": n, "estimate": e} for n, e in side] for side in (theirs, ours))
    assert same_top(left, right) is same


def test_few_values_leave_quantiles_no_tolerance() -> None:
    assert _verdict(_p(100), _p(101), ("x",), [100.0] * 200) == "different"


def test_many_values_are_judged_by_rank() -> None:
    """Rank 0.5 of 1 to 1,000 is 500: 3 away are 0.3 % of the ranks, 30 away too many."""
    values = [float(n) for n in range(1, 1001)]
    assert rank_error(values, 500, 0.5) == 0
    assert rank_error(values, 504, 0.5) == pytest.approx(0.003)
    assert _verdict(_p(500), {"p50": 503, "p90": 900, "p95": 950, "p99": 990}, ("x",), values) == (
        "within"
    )
    assert _verdict(_p(500), {"p50": 530, "p90": 900, "p95": 950, "p99": 990}, ("x",), values) == (
        "different"
    )
