"""Replies find the query that opened their key, in a table that never outgrows its bound."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.kernels import PairMatcher
from pktvisor.kernels import pairs as driver
from pktvisor_sdk.kernels import both_ways

# Key, seconds since the last event, whether it is a reply.
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.booleans()), max_size=40)
MANY_KEYS = st.lists(
    st.tuples(st.integers(0, 2**64 - 1) | st.integers(0, 30), st.integers(0, 3), st.booleans()),
    max_size=80,
)
Event = tuple[int, int, bool]


def columns(events: list[Event]) -> tuple[np.ndarray, ...]:
    key = np.array([key for key, _, _ in events], np.uint64)
    time = np.cumsum([step for _, step, _ in events], dtype=np.int64)
    reply = np.array([reply for _, _, reply in events], np.uint8)
    value = np.arange(len(events), dtype=np.int64) + 100
    return key, time, reply, value


def matched(table: PairMatcher, events: list[Event], cuts: list[int]) -> list[tuple[int, int]]:
    """Time and value of the query each row closed, the events handed over in pieces."""
    data = columns(events)
    bounds = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
    found: list[tuple[int, int]] = []
    for start, stop in pairwise(bounds):
        rows = np.arange(start, stop)
        time, value = table.match(*data, rows)
        found += zip(time[rows].tolist(), value[rows].tolist(), strict=True)
    return found


def matched_oracle(events: list[Event]) -> tuple[list[tuple[int, int]], dict[int, tuple[int, int]]]:
    """Oracle: a dictionary without a bound."""
    opened: dict[int, tuple[int, int]] = {}
    found = []
    for key, time, reply, value in zip(*(c.tolist() for c in columns(events)), strict=True):
        found.append(opened.pop(key, (-1, 0)) if reply else (-1, 0))
        if not reply:
            opened[key] = (time, value)
    return found, opened


@given(events=EVENTS, cuts=st.lists(st.integers(1, 39), max_size=4))
def test_replies_match_as_in_a_dictionary_however_the_events_are_cut(
    events: list[Event], cuts: list[int]
) -> None:
    """The latest query of a key is the one that counts; a key answered once is closed."""
    table = PairMatcher()
    with both_ways(driver):
        found = matched(table, events, cuts)
    expected, opened = matched_oracle(events)
    assert found == expected
    assert (table.open, table.evicted) == (len(opened), 0)


@given(events=MANY_KEYS, cuts=st.lists(st.integers(1, 79), max_size=4))
def test_a_full_table_gives_queries_up_and_never_answers_with_a_wrong_one(
    events: list[Event], cuts: list[int]
) -> None:
    table = PairMatcher(largest=16)
    with both_ways(driver):
        found = matched(table, events, cuts)
    expected, opened = matched_oracle(events)
    missed = sum(f != e for f, e in zip(found, expected, strict=True))
    assert all(f in (e, (-1, 0)) for f, e in zip(found, expected, strict=True))
    assert table.open <= 16
    assert missed <= table.evicted
    assert missed + len(opened) == table.evicted + table.open


def test_the_query_given_up_is_the_oldest_one() -> None:
    table = PairMatcher(largest=16)
    queries = [(key, 1, False) for key in range(17)]
    replies = [(key, 0, True) for key in range(17)]
    found = matched(table, queries + replies, [])[17:]
    assert [time for time, _ in found] == [-1, *range(2, 18)]
    assert table.evicted == 1


def test_the_table_grows_to_its_bound_before_it_gives_anything_up() -> None:
    rng = np.random.default_rng(7)
    number = 100_000
    key = rng.permutation(number).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    time = np.arange(number)
    rows = np.arange(number)
    table = PairMatcher()
    table.match(key, time, np.zeros(number, np.uint8), rows, rows)
    closed, value = table.match(key, time, np.ones(number, np.uint8), rows, rows)
    assert table.evicted == 0
    assert table.open == 0
    assert (closed == time).all()
    assert (value == rows).all()


@given(events=EVENTS, until=st.integers(0, 60))
def test_a_purge_closes_the_queries_sent_until_then(events: list[Event], until: int) -> None:
    table = PairMatcher()
    matched(table, events, [])
    _, opened = matched_oracle(events)
    old = sum(time <= until for time, _ in opened.values())
    assert table.purge(until) == old
    assert table.open == len(opened) - old
