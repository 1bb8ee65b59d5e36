"""Match queries with their replies in bounded memory: the driver of the pair-match kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pktvisor._kernels import pair_match as kernel
from pktvisor.batches import Array

__all__ = ["PairMatcher", "Pairs"]

_WAYS = 16
_FIRST = 1 << 12
LARGEST = 1 << 18


class Pairs(NamedTuple):
    """Replies that closed a query: their rows, and the time and the words of that query."""

    reply: Array
    query_ns: Array
    words: Array


class PairMatcher:
    """A table of open queries by key; grows up to `largest` entries, then gives up the oldest.

    A query whose key is open already replaces it. `words` is how many int64 each query keeps for
    its reply. `evicted` counts queries given up.
    """

    def __init__(self, words: int = 1, largest: int = LARGEST) -> None:
        self._words = words
        self._largest = largest
        self._state = np.zeros(4, np.int64)
        self._allocate(min(_FIRST, largest))

    def match(self, key: Array, part: Array, time_ns: Array, kind: Array, words: Array) -> Pairs:
        """Run rows through the table in order, and say which replies closed a query.

        `key` u64 and `part` u16 together are the key; `time_ns` i64; `kind` u8, 0 for a query and 1
        for a reply, other rows are passed over; `words` i64, one row of words a row.
        """
        size = int(np.count_nonzero(kind == 1))
        reply, query_ns = np.empty(size, np.int64), np.empty(size, np.int64)
        found = np.empty((size, self._words), np.int64)
        at = 0
        self._state[3] = 0
        while True:
            kernel.match(
                key, part, time_ns, kind, words, at, _WAYS, len(self._key) >= self._largest,
                self._key, self._time, self._value, reply, query_ns, found, self._state,
            )  # fmt: skip
            at = int(self._state[2])
            if at == len(key):
                number = int(self._state[3])
                return Pairs(reply[:number], query_ns[:number], found[:number])
            self._grow()

    def purge(self, until_ns: int) -> Array:
        """Close every query sent at or before a time; their words, one row a query."""
        old = (self._time >= 0) & (self._time <= until_ns)
        words: Array = self._value[old]
        self._time[old] = -1
        self._state[0] -= len(words)
        return words

    @property
    def open(self) -> int:
        """Queries that wait for a reply."""
        return int(self._state[0])

    @property
    def evicted(self) -> int:
        """Open queries given up for want of room."""
        return int(self._state[1])

    def _allocate(self, entries: int) -> None:
        self._key = np.zeros(entries, np.uint64)
        self._time = np.full(entries, -1, np.int64)
        self._value = np.zeros((entries, self._words), np.int64)

    def _grow(self) -> None:
        """Move the open queries, oldest first, into a table four times the size."""
        rows = np.flatnonzero(self._time >= 0)
        rows = rows[np.argsort(self._time[rows], kind="stable")]
        key, time, value = self._key[rows], self._time[rows], self._value[rows]
        stopped = int(self._state[2])
        self._allocate(min(4 * len(self._key), self._largest))
        self._state[0] = 0
        no_part, queries = np.zeros(len(rows), np.uint16), np.zeros(len(rows), np.uint8)
        nothing = np.empty(0, np.int64)
        kernel.match(
            key, no_part, time, queries, value, 0, _WAYS, True, self._key, self._time, self._value,
            nothing, nothing.copy(), np.empty((0, self._words), np.int64), self._state,
        )  # fmt: skip
        self._state[2] = stopped
