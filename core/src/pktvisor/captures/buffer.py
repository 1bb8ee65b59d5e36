"""The window of bytes a scan works on: the mapped file, or a chunk that is refilled."""

from __future__ import annotations

import mmap

import numpy as np

from pktvisor.batches import Array
from pktvisor.captures.source import BROKEN, Source

__all__ = ["Buffer"]

_CHUNK = 1 << 20


class Buffer:
    """`data[start:stop]` are the bytes not scanned yet; `base` is the place of `data[0]`.

    Every refill makes a new array, so records that point into the old one stay valid for as long as
    their consumer holds them.
    """

    def __init__(self, source: Source, *, mapped: bool) -> None:
        self._source = source
        self._ended = False
        self.problem: str | None = None
        self.base = 0
        self.start = 0
        self.stop = 0
        self.data: Array = np.empty(0, np.uint8)
        number = source.plain_file if mapped else None
        self.mapped = number is not None and bool(source.size)
        if self.mapped:
            assert number is not None
            whole = mmap.mmap(number, 0, access=mmap.ACCESS_READ)
            whole.madvise(mmap.MADV_SEQUENTIAL)
            self.data = np.frombuffer(whole, np.uint8)
            self.stop = len(self.data)
            self._ended = True

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def offset(self) -> int:
        """Place of the next byte in the (decompressed) capture."""
        return self.base + self.start

    def refill(self) -> bool:
        """Get more bytes behind those not scanned yet; False when there are none."""
        if self._ended:
            return False
        rest = self.data[self.start : self.stop]
        data = np.empty(max(_CHUNK, 2 * len(rest)), np.uint8)
        data[: len(rest)] = rest
        try:
            got = self._source.read_into(memoryview(data)[len(rest) :])
        except BROKEN as error:
            kind = self._source.compression or "file"
            self.problem = f"{kind} data broken off: {error or type(error).__name__}"
            got = 0
        self.base += self.start
        self.data, self.start, self.stop = data, 0, len(rest) + got
        self._ended = got == 0
        return got > 0

    def need(self, count: int) -> bool:
        """Whether `count` bytes are there, after refilling as often as it takes."""
        while len(self) < count:
            if not self.refill():
                return False
        return True

    def peek(self, count: int) -> bytes:
        """Up to `count` of the next bytes."""
        self.need(count)
        return self.data[self.start : min(self.start + count, self.stop)].tobytes()
