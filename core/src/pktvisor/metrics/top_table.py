"""A bounded table of counts by key, as a top-N list needs it."""

from __future__ import annotations

from typing import Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.count_table import FIRST_SLOTS, CountTable
from pktvisor.metrics.keys import Texts

__all__ = ["LARGEST_MAP", "Entry", "TopTable"]

LARGEST_MAP = 6144  # entries, as in the frequent-items sketch: 0.75 of 2**13
_LAST_SLOTS = 16384
_LAST_POOL = 1 << 20
_SAMPLE = 1024  # counts a purge takes its median from, as in the sketch

Entry = tuple[int, int, bytes]


class TopTable(CountTable):
    """Counts by 128-bit key, at most 6144 of them.

    When the table is full, every count is lowered by the median of a sample of the counts and what
    falls to zero goes: at least half of the entries (Anderson et al. 2017, as in the frequent-items
    sketch). `offset` is how much was taken off in all: what any count may lack.
    """

    def __init__(self) -> None:
        super().__init__()
        self._compact = False
        self.offset = 0
        self.evicted = 0

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        keys, counts = other.entries()
        rows, places = np.arange(len(counts)), other._used()[:, 3]
        offset = (places >> np.uint64(32)).astype(np.int64)
        length = (places & np.uint64(0xFFFFFFFF)).astype(np.int32)
        texts = Texts(other._pool, offset, length, rows) if len(other._pool) else None
        self.add(keys, rows, counts, texts)
        self.offset += other.offset
        self.evicted += other.evicted

    def compact(self) -> None:
        """Give back the room only updates need."""
        self._slots = self._used().copy()
        self._pool = self._pool[: self._state[1]].copy()
        self._compact = True

    def counts(self) -> Array:
        """The count of every entry (a lower bound), int64."""
        counts: Array = self._slots[self._slots[:, 2] > 0, 2].astype(np.int64)
        return counts

    def entry(self, index: int) -> Entry:
        """Both halves of the key and the text of an entry, numbered as in `counts`."""
        slot = np.flatnonzero(self._slots[:, 2])[index] if not self._compact else index
        key0, key1, _, place = self._slots[slot].tolist()
        start = place >> 32
        return key0, key1, self._pool[start : start + (place & 0xFFFFFFFF)].tobytes()

    def _limit(self) -> int:
        return min(3 * len(self._slots) // 8, LARGEST_MAP)

    def _make_room(self, with_text: bool) -> None:
        slots, pool = len(self._slots), len(self._pool)
        if with_text and self._state[1] + 1024 > pool and pool < _LAST_POOL:
            self._rebuild(slots, max(4 * pool, 1 << 14))
        elif self._state[0] >= 3 * slots // 8 and slots < _LAST_SLOTS:
            self._rebuild(min(4 * slots, _LAST_SLOTS), pool)
        else:
            sample = self._sample()
            before = int(self._state[0])
            median = int(np.partition(sample, len(sample) // 2)[len(sample) // 2])
            self._rebuild(slots, pool, median)
            self.offset += median
            self.evicted += before - int(self._state[0])

    def _sample(self) -> Array:
        """The first counts; keys are spread over the slots, so a few of these have enough."""
        for some in (4 * _SAMPLE, len(self._slots)):
            counts = self._slots[:some, 2]
            sample: Array = counts[counts > 0][:_SAMPLE]
            if len(sample) == _SAMPLE:
                break
        return sample

    def _open(self) -> None:
        if self._compact:
            slots = FIRST_SLOTS
            while 3 * slots // 8 < len(self._slots) and slots < _LAST_SLOTS:
                slots *= 2
            self._rebuild(slots, max(len(self._pool), 1 << 14 if len(self._pool) else 0))
            self._compact = False
