"""Replies find the query that opened their key, in a table that never outgrows its bound."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from pktvisor.kernels import PairMatcher
from pktvisor.kernels import pairs as driver
from pktvisor_sdk.kernels import both_ways

QUERY, REPLY, OTHER = 0, 1, 2
GOLDEN = 0x9E3779B97F4A7C15

# Both parts of a key, seconds since the last event, query, reply or neither.
Event = tuple[int, int, int, int]
KINDS = st.sampled_from([QUERY, REPLY, QUERY, REPLY, OTHER])
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 3), KINDS), max_size=40
)
MANY_KEYS = st.lists(
    st.tuples(
        st.integers(0, 20) | st.integers(0, 2**64 - 1),
        st.integers(0, 1),
        st.integers(0, 3),
        KINDS,
    ),
    max_size=80,
)
# What a reply closed: its row, the time of the query and its two words.
Closed = tuple[int, int, tuple[int, int]]


def columns(events: list[Event]) -> tuple[np.ndarray, ...]:
    key = np.array([key for key, _, _, _ in events], np.uint64)
    part = np.array([part for _, part, _, _ in events], np.uint16)
    time = np.cumsum([step for _, _, step, _ in events], dtype=np.int64)
    kind = np.array([kind for _, _, _, kind in events], np.uint8)
    row = np.arange(len(events), dtype=np.int64)
    return key, part, time, kind, np.stack((row + 100, -row), axis=1)


def matched(table: PairMatcher, events: list[Event], cuts: list[int]) -> list[Closed]:
    """What the replies closed, the events handed over in pieces."""
    data = columns(events)
    bounds = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
    found: list[Closed] = []
    for start, stop in pairwise(bounds):
        pairs = table.match(*(column[start:stop].copy() for column in data))
        rows = (pairs.reply + start).tolist()
        words = [(first, second) for first, second in pairs.words.tolist()]
        found += zip(rows, pairs.query_ns.tolist(), words, strict=True)
    return found


def matched_oracle(events: list[Event]) -> tuple[list[Closed], dict[int, int]]:
    """Oracle: a dictionary without a bound; also the times of the queries left open.

    Keys are hashes: two whose parts mix to the same number are one. By chance that never happens,
    but hypothesis tries the constants it finds in our sources, the mixing constant among them.
    """
    opened: dict[int, tuple[int, tuple[int, int]]] = {}
    found = []
    now = 0
    for row, (key, part, step, kind) in enumerate(events):
        now += step
        mixed = key ^ (part * GOLDEN % 2**64)
        if kind == QUERY:
            opened[mixed] = (now, (row + 100, -row))
        elif kind == REPLY and mixed in opened:
            found.append((row, *opened.pop(mixed)))
    return found, {key: time for key, (time, _) in opened.items()}


@given(events=EVENTS, cuts=st.lists(st.integers(1, 39), max_size=4))
def test_replies_match_as_in_a_dictionary_however_the_events_are_cut(
    events: list[Event], cuts: list[int]
) -> None:
    """The latest query of a key is the one that counts; a key answered once is closed."""
    table = PairMatcher(words=2)
    with both_ways(driver):
        found = matched(table, events, cuts)
    expected, opened = matched_oracle(events)
    assert found == expected
    assert (table.open, table.evicted) == (len(opened), 0)


@example(events=[(0, 1, 0, QUERY), (GOLDEN, 0, 0, REPLY)], cuts=[])
@given(events=MANY_KEYS, cuts=st.lists(st.integers(1, 79), max_size=4))
def test_a_full_table_gives_queries_up_and_never_answers_with_a_wrong_one(
    events: list[Event], cuts: list[int]
) -> None:
    table = PairMatcher(words=2, largest=16)
    with both_ways(driver):
        found = matched(table, events, cuts)
    expected, opened = matched_oracle(events)
    assert set(found) <= set(expected)
    missed = len(expected) - len(found)
    assert table.open <= 16
    assert missed <= table.evicted
    assert missed + len(opened) == table.evicted + table.open


def test_the_query_given_up_is_the_oldest_one() -> None:
    table = PairMatcher(words=2, largest=16)
    queries = [(key, 0, 1, QUERY) for key in range(17)]
    replies = [(key, 0, 0, REPLY) for key in range(17)]
    found = matched(table, queries + replies, [])
    assert [time for _, time, _ in found] == list(range(2, 18))
    assert table.evicted == 1


def test_the_table_grows_to_its_bound_before_it_gives_anything_up() -> None:
    rng = np.random.default_rng(7)
    number = 100_000
    key = rng.permutation(number).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    part = np.zeros(number, np.uint16)
    time = np.arange(number)
    table = PairMatcher()
    table.match(key, part, time, np.zeros(number, np.uint8), time.reshape(-1, 1))
    pairs = table.match(key, part, time, np.ones(number, np.uint8), time.reshape(-1, 1))
    assert (table.open, table.evicted) == (0, 0)
    assert (pairs.query_ns == time).all()
    assert (pairs.words[:, 0] == time).all()


@given(events=EVENTS, until=st.integers(0, 60))
def test_a_purge_closes_the_queries_sent_until_then(events: list[Event], until: int) -> None:
    table = PairMatcher(words=2)
    matched(table, events, [])
    _, opened = matched_oracle(events)
    old = sum(time <= until for time in opened.values())
    assert len(table.purge(until)) == old
    assert table.open == len(opened) - old
