"""Grouping counts what a dictionary counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor._kernels import group
from pktvisor.metrics import Seconds, Texts, grouping, rate
from pktvisor_sdk.kernels import both_ways

KEYS = st.tuples(st.integers(0, 3) | st.integers(0, 2**64 - 1), st.integers(0, 2))


@given(keys=st.lists(KEYS, max_size=60), data=st.data())
def test_distinct_keys_come_in_order_of_appearance_with_their_numbers(
    keys: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Only the chosen rows count, in the order chosen."""
    places = st.integers(0, max(len(keys) - 1, 0))
    rows = data.draw(st.lists(places, max_size=60 if keys else 0))
    amounts = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(keys), max_size=len(keys)))
    columns = tuple(np.array([key[half] for key in keys], np.uint64) for half in (0, 1))
    with both_ways(grouping):
        found = grouping.distinct(
            columns, np.array(rows, np.int64), np.array(amounts, np.uint32) if amounts else None
        )
    sums: Counter[tuple[int, int]] = Counter()
    for row in rows:
        sums[keys[row]] += amounts[row]
    assert [sums[keys[row]] for row in found.rows.tolist()] == (
        found.totals[found.rows].tolist() if len(found.rows) else []
    )
    counted = Counter(keys[row] for row in rows)
    assert [keys[row] for row in found.rows.tolist()] == list(counted)
    assert found.weights[found.rows].tolist() == list(counted.values())
    assert found.weights.sum() == len(rows)


@given(texts=st.lists(st.text("ab.", max_size=40), min_size=1, max_size=40), data=st.data())
def test_distinct_texts_come_in_order_of_appearance_with_their_numbers(
    texts: list[str], data: st.DataObject
) -> None:
    """Whatever their lengths, and wherever in their arena they lie."""
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=60))
    amounts = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=len(texts), max_size=len(texts)))
    )
    column = Texts.of(texts)
    with both_ways(grouping, "hashing"):
        each = grouping.distinct_texts(column, np.array(rows, np.int64))
    counted = Counter(texts[row] for row in rows)
    assert each.texts.values(each.texts.rows) == list(counted) if rows else not len(each.weights)
    assert each.weights.tolist() == list(counted.values())
    chosen = np.array(rows[::2], np.int64)
    sums: Counter[str] = Counter()
    for row in chosen.tolist():
        sums[texts[row]] += int(amounts[row])
    found = list(counted)
    assert each.weighed(chosen, amounts).tolist() == [sums[text] for text in found]
    half = Counter(texts[row] for row in chosen.tolist())
    assert each.weighed(chosen).tolist() == [half[text] for text in found]


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1), max_size=30))
def test_runs_of_a_second_are_those_of_a_loop(times: list[int]) -> None:
    """Also before 1970, and where the difference of two times takes all 64 bits."""
    with both_ways(rate):
        runs = Seconds.of(np.array(times, np.int64))
    seconds = [time // 10**9 for time in times]
    starts = [row for row in range(len(times)) if not row or seconds[row] != seconds[row - 1]]
    assert runs.starts.tolist() == starts
    assert runs.seconds.tolist() == [seconds[row] for row in starts]
    ends = [*starts[1:], len(times)]
    assert runs.count().tolist() == [end - start for start, end in zip(starts, ends, strict=False)]


def test_too_few_slots_are_refused_instead_of_searched_for_ever() -> None:
    key = np.zeros(4, np.uint64)
    rows = np.arange(4)
    with pytest.raises(ValueError, match="slots"):
        group.distinct(
            key,
            key,
            rows,
            0,
            np.full(4, -1, np.int32),
            np.empty(4, np.int64),
            np.empty(4, np.int64),
            np.empty(0, np.uint32),
            np.empty(0, np.int64),
        )


@given(
    packets=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2**32 - 1)), max_size=40
    )
)
def test_sums_by_second_and_group_are_those_of_a_loop(
    packets: list[tuple[int, int, int]],
) -> None:
    times = np.array([second * 10**9 for second, _, _ in packets], np.int64)
    groups = np.array([number for _, number, _ in packets], np.uint8)
    amounts = np.array([amount for _, _, amount in packets], np.uint32)
    runs = Seconds.of(times)
    with both_ways(rate):
        counts, totals = runs.grouped(groups, amounts, 3)
    assert runs.count().tolist() == counts.sum(axis=1).tolist()
    by_second: Counter[tuple[int, int]] = Counter()
    bytes_by_second: Counter[tuple[int, int]] = Counter()
    for run, second in enumerate(runs.seconds.tolist()):
        for number in range(3):
            by_second[second, number] += int(counts[run, number])
            bytes_by_second[second, number] += int(totals[run, number])
    assert +by_second == Counter((second, number) for second, number, _ in packets)
    expected: Counter[tuple[int, int]] = Counter()
    for second, number, amount in packets:
        expected[second, number] += amount
    assert +bytes_by_second == +expected


def test_a_group_without_a_column_is_refused() -> None:
    with pytest.raises(IndexError):
        Seconds.of(np.zeros(1, np.int64)).grouped(
            np.array([3], np.uint8), np.array([1], np.uint32), 3
        )
