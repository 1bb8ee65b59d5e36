"""The table of counts is a dictionary that says when it is full."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor._kernels import top_table
from pktvisor.metrics import Texts, number_counts
from pktvisor.metrics import count_table as driver
from pktvisor.metrics.number_counts import NumberCounts
from pktvisor.metrics.top_table import LARGEST_MAP, TopTable
from pktvisor_sdk.kernels import BothWays, both_ways

WORDS = st.integers(0, 4) | st.integers(0, 2**64 - 1)
KEYS = st.tuples(WORDS, st.integers(0, 2))
WEIGHTED = st.lists(st.tuples(KEYS, st.integers(-1, 9)), max_size=40)
Key = tuple[int, int]


def split(keys: list[Key]) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.array([key[half] for key in keys], np.uint64) for half in (0, 1))
    return first, second


def counted(table: TopTable) -> dict[Key, int]:
    """What a table holds, by key."""
    counts = table.counts().tolist()
    return {table.entry(i)[:2]: count + table.offset for i, count in enumerate(counts)}


@given(parts=st.lists(WEIGHTED, max_size=3), compact=st.booleans())
def test_weights_add_up_by_key_as_in_a_counter(
    parts: list[list[tuple[Key, int]]], compact: bool
) -> None:
    """Weights below one count nothing."""
    table = TopTable()
    expected: Counter[Key] = Counter()
    with both_ways(driver):
        for part in parts:
            keys = split([key for key, _ in part])
            weights = np.array([weight for _, weight in part], np.int64)
            table.add(keys, np.arange(len(part)), weights)
            for key, weight in part:
                expected[key] += max(weight, 0)
            if compact:
                table.compact()
    assert counted(table) == +expected
    assert (table.offset, table.evicted) == (0, 0)


@given(left=WEIGHTED, right=WEIGHTED)
def test_a_merge_adds_the_counts_and_leaves_the_other_as_it_was(
    left: list[tuple[Key, int]], right: list[tuple[Key, int]]
) -> None:
    tables = []
    for part in (left, right):
        table = TopTable()
        keys = split([key for key, _ in part])
        table.add(keys, np.arange(len(part)), np.array([w for _, w in part], np.int64))
        tables.append(table)
    before = counted(tables[1])
    with both_ways(driver):
        tables[0].merge(tables[1])
    assert counted(tables[1]) == before
    expected: Counter[Key] = Counter()
    for key, weight in left + right:
        expected[key] += max(weight, 0)
    assert counted(tables[0]) == +expected


@given(names=st.lists(st.binary(max_size=9), max_size=30))
def test_every_entry_keeps_the_text_it_came_with(names: list[bytes]) -> None:
    length = np.array([len(name) for name in names], np.int32)
    offset = np.cumsum(length, dtype=np.int64) - length
    arena = np.frombuffer(b"".join(names) or b"\0", np.uint8)
    texts = Texts(arena, offset, length, np.arange(len(names)))
    table = TopTable()
    with both_ways(driver):
        table.add(texts.keys, texts.rows, None, texts)
    table.compact()
    found = {table.entry(i)[2]: count for i, count in enumerate(table.counts().tolist())}
    assert found == Counter(names)


@given(keys=st.lists(KEYS, max_size=30), limit=st.integers(0, 7), seed=st.integers(0, 2**64 - 1))
def test_adding_stops_at_the_first_new_key_beyond_the_limit(
    keys: list[Key], limit: int, seed: int
) -> None:
    slots = np.zeros((8, 4), np.uint64)
    state = np.zeros(3, np.int64)
    none = np.zeros(0, np.int64)
    BothWays(top_table).add(
        *split(keys), np.arange(len(keys)), 0, none, np.zeros(0, np.uint8), none,
        np.zeros(0, np.int32), seed, limit, slots, np.zeros(0, np.uint8), state,
    )  # fmt: skip
    stop = next((i for i in range(len(keys)) if len(set(keys[: i + 1])) > limit), len(keys))
    assert state.tolist() == [len(set(keys[:stop])), 0, stop]
    found = {(int(s[0]), int(s[1])): int(s[2]) for s in slots if s[2]}
    assert found == Counter(keys[:stop])


def test_a_flood_of_keys_stays_within_bounds_and_is_counted() -> None:
    """Counts may lack the offset, never more; what fell out is in `evicted`."""
    rng = np.random.default_rng(3)
    heavy = np.arange(10, dtype=np.uint64)
    table = TopTable()
    for _ in range(20):
        light = rng.integers(100, 2**63, 5000).astype(np.uint64)
        key = rng.permutation(np.concatenate((light, np.repeat(heavy, 200))))
        table.add((key, np.zeros(len(key), np.uint64)), np.arange(len(key)))
    counts = table.counts()
    assert len(counts) <= LARGEST_MAP
    assert table.evicted > 20 * 5000 - LARGEST_MAP - 1000
    kept = dict(zip((table.entry(i)[0] for i in range(len(counts))), counts.tolist(), strict=True))
    for key in heavy.tolist():
        assert kept[key] <= 4000 <= kept[key] + table.offset


@given(
    entries=st.lists(
        st.tuples(
            WORDS, st.integers(0, 2), st.integers(0, 9), st.integers(0, 6), st.integers(0, 6)
        ),
        max_size=9,
        unique_by=lambda entry: entry[:2],
    ),
    lowered=st.integers(0, 9),
    room=st.integers(0, 30),
    seed=st.integers(0, 2**64 - 1),
)
def test_what_exceeds_moves_to_another_table_with_its_text_or_is_refused(
    entries: list[tuple[int, int, int, int, int]], lowered: int, room: int, seed: int
) -> None:
    """Refused when there are more than eight, or texts that the pools do not hold."""
    kernel, pool = BothWays(top_table), np.frombuffer(b"abcdefgh", np.uint8)
    slots = np.array([(k0, k1, n, at << 32 | size) for k0, k1, n, at, size in entries], np.uint64)
    slots = slots.reshape(-1, 4)
    found = np.zeros_like(slots)
    kept = kernel.collect(slots, lowered, found)
    left = [entry for entry in entries if entry[2] > lowered]
    assert found[:kept, :3].tolist() == [[k0, k1, n - lowered] for k0, k1, n, _, _ in left]
    fresh, texts, state = (
        np.zeros((8, 4), np.uint64),
        np.zeros(room, np.uint8),
        np.zeros(3, np.int64),
    )
    used = sum(size for *_, size in left)
    if len(left) > 8 or used > room or any(at + size > 8 for *_, at, size in left):
        with pytest.raises(ValueError, match="no room for an entry, or for its text"):
            kernel.insert(found[:kept], pool, seed, fresh, texts, state)
        return
    kernel.insert(found[:kept], pool, seed, fresh, texts, state)
    assert state.tolist() == [len(left), used, 0]
    moved = {}
    for k0, k1, count, place in fresh[fresh[:, 2] > 0].tolist():
        start, size = place >> 32, place & 0xFFFFFFFF
        moved[k0, k1] = count, texts[start : start + size].tobytes()
    assert moved == {
        (k0, k1): (n - lowered, pool[at : at + size].tobytes()) for k0, k1, n, at, size in left
    }


def test_slots_of_another_shape_are_refused() -> None:
    slots, none = np.zeros((6, 4), np.uint64), np.zeros(0, np.uint8)
    with pytest.raises(ValueError, match="as many found ones"):
        top_table.collect(slots, 0, np.zeros((5, 4), np.uint64))
    with pytest.raises(ValueError, match="a power of two of rows of four words"):
        top_table.insert(slots, none, 0, slots.copy(), none, np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="entries have four words"):
        top_table.insert(slots[:, :3].copy(), none, 0, slots[:4], none, np.zeros(3, np.int64))


@given(numbers=st.lists(st.integers(0, 65535), max_size=50))
def test_numbers_are_counted_one_by_one(numbers: list[int]) -> None:
    state = NumberCounts()
    with both_ways(number_counts):
        state.add(np.array(numbers, np.uint16))
    assert dict(zip(state.numbers().tolist(), state.counts().tolist(), strict=True)) == Counter(
        numbers
    )
