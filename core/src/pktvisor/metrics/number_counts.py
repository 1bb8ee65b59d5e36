"""Exact counts of 16-bit numbers: ports, types, codes, frame sizes."""

from __future__ import annotations

from typing import Self

import numpy as np

from pktvisor._kernels import top_table as kernel
from pktvisor.batches import Array
from pktvisor.metrics.plain import Plain, column_bytes, entries, read_column

__all__ = ["NumberCounts"]


class NumberCounts:
    """How often each number below 65536 was seen."""

    offset = 0
    evicted = 0

    def __init__(self) -> None:
        self._counts = np.zeros(65536, np.int64)
        self._seen: Array | None = None

    def add(self, numbers: Array) -> None:
        """Count every entry of a column of 16-bit numbers (u16)."""
        kernel.count(numbers, self.table)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        if other._seen is None:
            self.table[:] += other._counts
        else:
            self.table[other._seen] += other._counts

    def dump(self) -> dict[str, Plain]:
        """The numbers seen and how often each was."""
        return {"numbers": column_bytes(self.numbers()), "counts": column_bytes(self.counts())}

    def load(self, values: Plain) -> None:
        """Become dumped counts. Raises ValueError for what is none."""
        numbers, counts = (read_column(v, 65536) for v in entries(values, "numbers", "counts"))
        if len(numbers) != len(counts):
            raise ValueError(f"{len(numbers)} numbers with {len(counts)} counts")
        if len(numbers) and (numbers[-1] > 65535 or (np.diff(numbers) <= 0).any()):
            raise ValueError("numbers that do not ascend below 65536")
        self._counts, self._seen = counts, numbers

    def compact(self) -> None:
        """Keep only the numbers that were seen."""
        if self._seen is None:
            self._seen = np.flatnonzero(self._counts)
            self._counts = self._counts[self._seen]

    def numbers(self) -> Array:
        """The numbers seen, ascending, int64."""
        return np.flatnonzero(self._counts) if self._seen is None else self._seen

    def counts(self) -> Array:
        """How often each of `numbers` was seen, int64."""
        return self._counts if self._seen is not None else self._counts[self._counts > 0]

    def entry(self, index: int) -> tuple[int, int, bytes]:
        """A number, by its place in `numbers`, as the first half of a key."""
        return int(self.numbers()[index]), 0, b""

    @property
    def table(self) -> Array:
        """The counts, indexed by number, open to updates."""
        if self._seen is not None:
            counts = np.zeros(65536, np.int64)
            counts[self._seen] = self._counts
            self._counts, self._seen = counts, None
        return self._counts
