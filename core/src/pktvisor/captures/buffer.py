"""The chunk of bytes a scan works on, refilled in place."""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array
from pktvisor.captures.source import Source

__all__ = ["Buffer"]

# About 16384 packets of average size, so that what a batch costs in Python is little: reading into
# the same chunk again costs less than touching the pages of a mapped file for the first time.
_CHUNK = 4 << 20
# The first bytes come in a smaller piece, so that a stream has something to show at once.
_FIRST = 64 << 10


class Buffer:
    """`data[start:stop]` are the bytes not scanned yet; `base` is the place of `data[0]`.

    A refill moves what is left to the front and overwrites the rest: views into the old bytes end
    with it. The chunk grows until the largest record fits.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ended = False
        self.problem: str | None = None
        self.base = 0
        self.start = 0
        self.stop = 0
        self.data: Array = np.empty(_CHUNK, np.uint8)

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
        if 2 * len(rest) > len(self.data):
            self.data = np.empty(2 * len(self.data), np.uint8)
        self.data[: len(rest)] = rest
        room = self.data[len(rest) :]
        if not self.base and not self.stop:
            room = room[:_FIRST]
        try:
            got = self._source.read_into(room.data)
        except OSError as error:
            kind = self._source.compression or "file"
            self.problem = f"{kind} data broken off: {error or type(error).__name__}"
            got = 0
        self.base += self.start
        self.start, self.stop = 0, len(rest) + got
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
