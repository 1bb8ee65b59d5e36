"""Read a capture file as batches of records."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from pktvisor.batches import Array, Records
from pktvisor.captures.buffer import Buffer
from pktvisor.captures.errors import CaptureError
from pktvisor.captures.source import Source, open_source

__all__ = ["BATCH_ROWS", "LONGEST_FRAME", "CaptureReader", "open_capture"]

BATCH_ROWS = 16384
LONGEST_FRAME = 262144  # bytes; libpcap's own limit

# Why a scan stopped, as the kernel says it.
FULL, END, CUT, INSANE, SPECIAL = range(5)


class CaptureReader(ABC):
    """Iterates over the records of one capture; a context manager.

    What breaks half way ends the iteration and is told in `problem`; records before it were
    yielded. Batches hold at most `rows` records; asking for the next one ends the life of the
    arena of the one before.
    """

    format = ""

    def __init__(self, source: Source, buffer: Buffer, rows: int) -> None:
        self._source = source
        self._buffer = buffer
        self._rows = rows
        self.records = 0
        self.problem: str | None = None

    @property
    def compression(self) -> str:
        """gzip, bzip2, xz, zstd, or the empty text."""
        return self._source.compression

    @property
    def size_bytes(self) -> int | None:
        """Size of the file, None where it is not known."""
        return self._source.size

    @property
    def position_bytes(self) -> int:
        """Bytes of the file read so far."""
        return self._source.position

    def __iter__(self) -> Iterator[Records]:
        while True:
            records, why = self._scan()
            if len(records):
                self.records += len(records)
                yield records
            if why == FULL:
                continue
            if why in (END, CUT):
                if self._buffer.refill():
                    continue
                if self._buffer.problem is not None:
                    self._stop(self._buffer.problem)
                elif why == CUT:
                    self._stop("the file ends inside a record")
                return
            if why == INSANE:
                self._stop(self._insane())
                return
            if not self._special():
                return

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def _scan(self) -> tuple[Records, int]:
        """The next records in the buffer, and why the scan stopped."""

    def _special(self) -> bool:
        """Deal with what the scan leaves to its caller; False to stop."""
        return False

    def _insane(self) -> str:
        """What a record must not be."""
        return f"a record is longer than the {LONGEST_FRAME} bytes allowed"

    def _stop(self, what: str) -> None:
        self.problem = (
            f"{self._source.name}: {what} (after record {self.records},"
            f" at byte {self._buffer.offset}); what came before it was read"
        )

    def _columns(self) -> tuple[Array, Array, Array, Array]:
        """Room for times, captured lengths, wire lengths and offsets."""
        return (
            np.empty(self._rows, np.int64),
            np.empty(self._rows, np.uint32),
            np.empty(self._rows, np.uint32),
            np.empty(self._rows, np.int64),
        )


def open_capture(
    source: str | os.PathLike[str] | BinaryIO, *, rows: int = BATCH_ROWS
) -> CaptureReader:
    """Open a pcap or pcapng capture, compressed or not; `-` is standard input.

    Raises CaptureError when the capture cannot be read at all.
    """
    from pktvisor.captures.pcap import PcapReader
    from pktvisor.captures.pcapng import PcapngReader

    opened = open_source(source)
    try:
        buffer = Buffer(opened)
        magic = buffer.peek(4)
        if PcapngReader.knows(magic):
            return PcapngReader(opened, buffer, rows)
        if PcapReader.knows(magic):
            return PcapReader(opened, buffer, rows)
        if buffer.problem is not None:
            raise CaptureError(f"{opened.name}: {buffer.problem}")
        if not magic:
            raise CaptureError(f"{opened.name}: empty; a pcap or pcapng capture is needed")
        raise CaptureError(
            f"{opened.name}: not a capture: it starts with {magic.hex(' ')};"
            " pcap and pcapng are read, also in gzip, bzip2, xz and zstd"
        )
    except BaseException:
        opened.close()
        raise
