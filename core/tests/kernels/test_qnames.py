"""Names are cut to two and three labels by the rules the original counts them by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.kernels import cut_qnames
from pktvisor.kernels import qnames as driver
from pktvisor.metrics import Texts
from pktvisor_sdk.kernels import both_ways


def cut_oracle(name: str, suffix: int = 0) -> tuple[str, str]:
    """Oracle: the rules one by one, on text."""
    if len(name) < 5:
        return name, ""
    at = len(name) - 1
    if 0 < suffix < len(name):
        at = len(name) - suffix
    elif name.endswith("."):
        at = len(name) - 2
    first = name.rfind(".", 0, at + 1)
    if first <= 0:
        return name, name
    second = name.rfind(".", 0, first)
    if second < 0:
        return name, ""
    third = name.rfind(".", 0, second) if second > 0 else -1
    return name[second:], name[third:] if third >= 0 else name


def cut(names: list[str], suffixes: list[int] | None = None) -> list[tuple[str, str]]:
    raw = [name.encode() for name in names]
    length = np.array([len(name) for name in raw], np.int32)
    offset = np.cumsum(length, dtype=np.int64) - length
    arena = np.frombuffer(b"".join(raw) or b"\0", np.uint8)
    texts = Texts(arena, offset, length, np.arange(len(raw)))
    with both_ways(driver):
        cuts = cut_qnames(texts, np.array(suffixes or [], np.int32))
    two = cuts.qname2.values(cuts.qname2.rows) if names else []
    three = dict.fromkeys(range(len(names)), "")
    if len(cuts.qname3.rows):
        rows = cuts.qname3.rows
        three.update(zip(rows.tolist(), cuts.qname3.values(rows), strict=True))
    return list(zip(two, three.values(), strict=True))


NAMES = st.text("ab.", max_size=14) | st.from_regex(r"\A[a-z]{1,4}(\.[a-z]{1,4}){0,5}\.?\Z")


@given(names=st.lists(NAMES, max_size=8))
def test_names_are_cut_as_the_rules_say(names: list[str]) -> None:
    assert cut(names) == [cut_oracle(name) for name in names]


@given(named=st.lists(st.tuples(NAMES, st.integers(0, 9)), min_size=1, max_size=8))
def test_a_suffix_counts_as_one_label(named: list[tuple[str, int]]) -> None:
    names, suffixes = map(list, zip(*named, strict=True))
    assert cut(names, suffixes) == [cut_oracle(name, suffix) for name, suffix in named]


@pytest.mark.parametrize(
    ("name", "suffix", "two", "three"),
    [
        ("biz.foo.bar.com", 0, ".bar.com", ".foo.bar.com"),
        ("foo.bar.com", 0, ".bar.com", "foo.bar.com"),
        ("bar.com", 0, "bar.com", ""),
        ("a.bc", 0, "a.bc", ""),
        ("localhost", 0, "localhost", "localhost"),
        ("www.google.co.uk", 6, ".google.co.uk", "www.google.co.uk"),
    ],
)
def test_known_cuts(name: str, suffix: int, two: str, three: str) -> None:
    assert cut([name], [suffix]) == [(two, three)]
