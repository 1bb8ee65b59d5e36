"""Match queries with their replies in bounded memory: the driver of the pair-match kernel."""

from __future__ import annotations

import numpy as np

from pktvisor._kernels import pair_match as kernel
from pktvisor.batches import Array

__all__ = ["PairMatcher"]

_WAYS = 16
_FIRST = 1 << 12
LARGEST = 1 << 18


class PairMatcher:
    """A table of open queries by key; grows up to `largest` entries, then gives up the oldest.

    A query whose key is open already replaces it. `evicted` counts queries given up.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._state = np.zeros(3, np.int64)
        self._allocate(min(_FIRST, largest))

    def match(
        self, key: Array, time_ns: Array, is_reply: Array, value: Array, rows: Array
    ) -> tuple[Array, Array]:
        """Run `rows` through the table in order; all columns are indexed by row.

        `key` u64, `time_ns` i64, `is_reply` u8, `value` i64. Returns the time of the query each
        reply closed (-1 for none, and for queries) and that query's value, by row.
        """
        query_time = np.full(len(key), -1, np.int64)
        query_value = np.zeros(len(key), np.int64)
        at = 0
        while True:
            self._run(key, time_ns, is_reply, value, rows, at, query_time, query_value)
            at = int(self._state[2])
            if at == len(rows):
                return query_time, query_value
            self._grow()

    def purge(self, until_ns: int) -> int:
        """Close every query sent at or before a time and say how many there were."""
        old = (self._time >= 0) & (self._time <= until_ns)
        number = int(np.count_nonzero(old))
        self._time[old] = -1
        self._state[0] -= number
        return number

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
        self._value = np.zeros(entries, np.int64)

    def _run(
        self,
        key: Array,
        time_ns: Array,
        is_reply: Array,
        value: Array,
        rows: Array,
        at: int,
        query_time: Array,
        query_value: Array,
    ) -> None:
        kernel.match(
            key, time_ns, is_reply, value, rows, at, _WAYS, len(self._key) >= self._largest,
            self._key, self._time, self._value, query_time, query_value, self._state,
        )  # fmt: skip

    def _grow(self) -> None:
        """Move the open queries, oldest first, into a table four times the size."""
        rows = np.flatnonzero(self._time >= 0)
        rows = rows[np.argsort(self._time[rows], kind="stable")]
        key, time, value = self._key[rows], self._time[rows], self._value[rows]
        stopped = int(self._state[2])
        self._allocate(min(4 * len(self._key), self._largest))
        self._state[0] = 0
        every = np.arange(len(rows))
        unused = np.empty(len(rows), np.int64)
        queries = np.zeros(len(rows), np.uint8)
        kernel.match(
            key, time, queries, value, every, 0, _WAYS, True,
            self._key, self._time, self._value, unused, unused.copy(), self._state,
        )  # fmt: skip
        self._state[2] = stopped
