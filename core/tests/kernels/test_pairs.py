"""The table of open queries, against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.kernels import PairMatcher

Event = tuple[int, int, int]  # kind, key, part

EVENTS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 1, 2]), st.integers(0, 5), st.integers(0, 2)), max_size=60
)


def run(matcher: PairMatcher, events: list[Event], first: int = 0) -> list[tuple[int, ...]]:
    """Row, query time and words of each reply that closed a query; times are row numbers."""
    kind, key, part = (np.array(column) for column in zip(*events, strict=True))
    times = np.arange(first, first + len(events), dtype=np.int64)
    words = np.stack((10 * times, -times), axis=1)
    pairs = matcher.match(
        key.astype(np.uint64), part.astype(np.uint16), times, kind.astype(np.uint8), words
    )
    rows = (pairs.reply + first).tolist()
    return list(zip(rows, pairs.query_ns.tolist(), *pairs.words.T.tolist(), strict=True))


def oracle(events: list[Event]) -> tuple[list[tuple[int, ...]], int]:
    waiting: dict[tuple[int, int], int] = {}
    closed = []
    for row, (kind, key, part) in enumerate(events):
        if kind == 0:
            waiting[key, part] = row
        elif kind == 1 and (key, part) in waiting:
            query = waiting.pop((key, part))
            closed.append((row, query, 10 * query, -query))
    return closed, len(waiting)


@given(EVENTS.filter(bool), st.integers(0, 60))
def test_pairs_are_those_of_a_dictionary_wherever_the_stream_is_cut(
    events: list[Event], cut: int
) -> None:
    matcher = PairMatcher(words=2)
    found = run(matcher, events[:cut]) if events[:cut] else []
    found += run(matcher, events[cut:], min(cut, len(events))) if events[cut:] else []
    assert (found, matcher.open) == oracle(events)


def test_a_growing_table_keeps_every_query_and_its_words() -> None:
    number = 40_000
    matcher = PairMatcher(words=2)
    queries: list[Event] = [(0, key << 20, key % 7) for key in range(number)]
    run(matcher, queries)
    assert (matcher.open, matcher.evicted) == (number, 0)
    found = run(matcher, [(1, key, part) for _, key, part in queries], number)
    assert found == [(number + row, row, 10 * row, -row) for row in range(number)]


def test_a_full_table_gives_up_the_oldest_and_counts_them() -> None:
    matcher = PairMatcher(words=2, largest=16)
    run(matcher, [(0, key, 0) for key in range(20)])
    assert (matcher.open, matcher.evicted) == (16, 4)
    found = run(matcher, [(1, key, 0) for key in range(20)], 20)
    assert [query for _, query, _, _ in found] == list(range(4, 20))


def test_purged_queries_give_their_words_and_no_longer_wait() -> None:
    matcher = PairMatcher(words=2)
    run(matcher, [(0, key, 0) for key in range(5)])
    assert sorted(matcher.purge(2)[:, 0].tolist()) == [0, 10, 20]
    assert matcher.open == 2
