"""Counts by 128-bit key in a table of compiled code: what bounded tables of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pktvisor._kernels import top_table as kernel
from pktvisor.batches import Array
from pktvisor.batches.flows import FLOW_SEED
from pktvisor.metrics.keys import Texts

__all__ = ["FIRST_SLOTS", "CountTable"]

FIRST_SLOTS = 512

_NO_I64 = np.zeros(0, np.int64)
_NO_I32 = np.zeros(0, np.int32)
_NO_U8 = np.zeros(0, np.uint8)


class CountTable(ABC):
    """Counts by key, where a key may have a text. What happens when it is full, a subclass says."""

    def __init__(self) -> None:
        self._slots = np.zeros((FIRST_SLOTS, 4), np.uint64)
        self._pool = np.empty(0, np.uint8)
        self._state = np.zeros(3, np.int64)

    def _open(self) -> None:  # noqa: B027 - most tables always are
        """Be ready to take entries."""

    @abstractmethod
    def _limit(self) -> int:
        """How many entries the slots may hold."""

    @abstractmethod
    def _make_room(self, with_text: bool) -> None:
        """Have room for another entry, and for its text: the limit, or the pool, was reached."""

    def add(
        self,
        keys: tuple[Array, Array],
        rows: Array,
        weights: Array | None = None,
        texts: Texts | None = None,
    ) -> None:
        """Add each of `rows` to its key: 1, or its weight. All columns are indexed by row."""
        self._open()
        at = 0
        while True:
            kernel.add(
                keys[0],
                keys[1],
                rows,
                at,
                _NO_I64 if weights is None else weights,
                _NO_U8 if texts is None else texts.arena,
                _NO_I64 if texts is None else texts.offset,
                _NO_I32 if texts is None else texts.length,
                FLOW_SEED,
                self._limit(),
                self._slots,
                self._pool,
                self._state,
            )
            at = int(self._state[2])
            if at == len(rows):
                return
            self._make_room(texts is not None)

    def entries(self) -> tuple[tuple[Array, Array], Array]:
        """The keys, both halves (u64), and how often each was counted (i64)."""
        used = self._used()
        key0, key1, counts = (used[:, column].copy() for column in range(3))
        return (key0, key1), counts.view(np.int64)

    def _used(self, lowered: int = 0) -> Array:
        """The slots whose count exceeds `lowered`, less that much."""
        found = np.empty((len(self._slots), 4), np.uint64)
        return found[: kernel.collect(self._slots, lowered, found)]

    def _rebuild(self, slots: int, pool: int, lowered: int = 0) -> None:
        """Move to so many slots and bytes of text, less `lowered` of every count."""
        used = self._used(lowered)
        if slots == len(self._slots):
            self._slots[:] = 0  # its memory is at hand
        else:
            self._slots = np.zeros((slots, 4), np.uint64)
        new_pool = np.empty(pool, np.uint8)
        kernel.insert(used, self._pool, FLOW_SEED, self._slots, new_pool, self._state)
        self._pool = new_pool
