"""Public suffixes by table, against the algorithm as publicsuffix.org words it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.kernels import SuffixRules, suffixes
from pktvisor.metrics import Texts
from pktvisor_sdk.kernels import both_ways

RULES = (
    "com",
    "uk",
    "co.uk",
    "*.ck",
    "!www.ck",
    "jp",
    "*.kawasaki.jp",
    "!city.kawasaki.jp",
    "a.b.c",
)


def texts(names: list[str]) -> Texts:
    lengths = np.array([len(name) for name in names], np.int32)
    arena = np.frombuffer("".join(names).encode() or b"\0", np.uint8)
    return Texts(
        arena, np.cumsum(lengths, dtype=np.int64) - lengths, lengths, np.arange(len(names))
    )


def lengths(names: list[str], rules: tuple[str, ...] = RULES) -> list[int]:
    found: list[int] = SuffixRules(rules).lengths(texts(names), np.arange(len(names))).tolist()
    return found


def oracle(name: str) -> int:
    """The length of the suffix and its dot: the longest match, an exception before all."""
    if not name:
        return 0
    labels = name.split(".")
    best = 1
    for number in range(1, len(labels) + 1):
        end = ".".join(labels[-number:])
        if "!" + end in RULES:
            best = number - 1
            break
        wild = ".".join(["*", *labels[-number:][1:]])
        # A rule *.x makes x itself public, as the linter of the list has it.
        if end in RULES or (number > 1 and wild in RULES) or "*." + end in RULES:
            best = number
    return len(".".join(labels[-best:])) + 1


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("www.example.co.uk", ".co.uk"),
        ("www.example.com", ".com"),
        ("x.y.unheard", ".unheard"),
        ("a.b.ck", ".b.ck"),
        ("www.ck", ".ck"),
        ("x.city.kawasaki.jp", ".kawasaki.jp"),
        ("x.y.kawasaki.jp", ".y.kawasaki.jp"),
        ("notco.uk", ".uk"),
    ],
)
def test_the_longest_rule_wins_unless_there_is_an_exception(name: str, suffix: str) -> None:
    assert lengths([name]) == [len(suffix)]


def test_the_root_has_no_suffix() -> None:
    assert lengths(["", "com"]) == [0, 4]


def test_without_rules_the_last_label_is_the_suffix() -> None:
    assert lengths(["a.b.example"], ()) == [8]


LABEL = st.sampled_from(
    ["com", "uk", "co", "ck", "www", "jp", "kawasaki", "city", "a", "b", "c", "x"]
)


@given(st.lists(st.lists(LABEL, max_size=5).map(".".join), min_size=1, max_size=8))
def test_the_table_agrees_with_the_obvious_search(names: list[str]) -> None:
    with both_ways(suffixes):
        found = lengths(names)
    assert found == [oracle(name) for name in names]


def test_rules_that_share_a_hash_slot_stay_apart() -> None:
    many = tuple(f"s{number}.example" for number in range(3000))
    names = [f"x.{rule}" for rule in many]
    assert lengths(names, many) == [len(rule) + 1 for rule in many]
