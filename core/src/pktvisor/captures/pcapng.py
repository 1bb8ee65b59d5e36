"""pcapng files (draft-ietf-opsawg-pcapng): sections, interfaces, packet blocks of three kinds."""

from __future__ import annotations

import struct

import numpy as np

from pktvisor._kernels import record_scan
from pktvisor.batches import Records
from pktvisor.captures.buffer import Buffer
from pktvisor.captures.errors import CaptureError
from pktvisor.captures.reader import LONGEST_FRAME, CaptureReader
from pktvisor.captures.source import Source

__all__ = ["PcapngReader"]

_SECTION_HEADER = 0x0A0D0D0A
_LITTLE = struct.pack("<I", 0x1A2B3C4D)
_BIG = struct.pack(">I", 0x1A2B3C4D)
_LONGEST_BLOCK = 16 << 20
_MOST_INTERFACES = 65535
_IF_TSRESOL, _IF_TSOFFSET = 9, 14


class PcapngReader(CaptureReader):
    """Records of a pcapng file; interfaces are numbered through all sections."""

    format = "pcapng"

    @staticmethod
    def knows(magic: bytes) -> bool:
        """Whether a file that starts with these four bytes is one of these."""
        return magic == struct.pack("<I", _SECTION_HEADER)

    def __init__(self, source: Source, buffer: Buffer, rows: int) -> None:
        super().__init__(source, buffer, rows)
        self._swapped = False
        self._count = 0
        self._section_base = 0
        self._latest_ns = 0
        self._link_type = np.zeros(16, np.uint16)
        self._snaplen = np.zeros(16, np.int64)
        self._units = np.zeros(16, np.int64)
        self._offset_ns = np.zeros(16, np.int64)
        if not self._special():
            assert self.problem is not None
            raise CaptureError(self.problem.partition(" (after")[0])

    def _scan(self) -> tuple[Records, int]:
        buffer = self._buffer
        columns = self._columns()
        link_type = np.empty(self._rows, np.uint16)
        interface = np.empty(self._rows, np.uint16)
        result = np.array([0, 0, 0, self._latest_ns])
        record_scan.scan_pcapng(
            buffer.data,
            buffer.start,
            buffer.stop,
            self._swapped,
            LONGEST_FRAME,
            _LONGEST_BLOCK,
            self._count,
            self._section_base,
            self._link_type,
            self._snaplen,
            self._units,
            self._offset_ns,
            *columns,
            link_type,
            interface,
            result,
        )
        rows, buffer.start, why, self._latest_ns = result.tolist()
        found = [column[:rows] for column in (*columns, link_type, interface)]
        return Records(buffer.data, *found), why

    def _insane(self) -> str:
        return (
            "a block has lengths that do not fit it, names an interface that is not there, or"
            f" exceeds the {LONGEST_FRAME} bytes a packet or {_LONGEST_BLOCK} a block may have"
        )

    def _special(self) -> bool:  # noqa: PLR0911 - one way out for each thing that can be wrong
        """Read a section header or an interface description."""
        buffer = self._buffer
        head = buffer.peek(12)
        if len(head) < 12:
            self._stop("the file ends inside a block header")
            return False
        if head[:4] == struct.pack("<I", _SECTION_HEADER):
            if head[8:12] not in (_LITTLE, _BIG):
                self._stop(f"a section header has no byte-order mark but {head[8:12].hex(' ')}")
                return False
            self._swapped = head[8:12] == _BIG
            self._section_base = self._count
        order = ">" if self._swapped else "<"
        kind, size = struct.unpack(order + "II", head[:8])
        if size < 12 or size % 4 or size > _LONGEST_BLOCK:
            self._stop(f"a block claims {size} bytes; allowed are 12 to {_LONGEST_BLOCK} in fours")
            return False
        if not buffer.need(size):
            self._stop(buffer.problem or "the file ends inside a block")
            return False
        body = buffer.peek(size)
        if kind == _SECTION_HEADER and not self._version(body, order):
            return False
        if kind == 1 and not self._describe(body[8:-4], order):
            return False
        buffer.start += size
        return True

    def _version(self, body: bytes, order: str) -> bool:
        """Check the version in a section header."""
        major, minor = struct.unpack_from(order + "HH", body, 12) if len(body) >= 28 else (0, 0)
        known = (major, minor) in ((1, 0), (1, 2))  # 1.2 is 1.0 written by old wireshark
        if not known:
            self._stop(f"pcapng version {major}.{minor} is not supported; 1.0 is")
        return known

    def _describe(self, body: bytes, order: str) -> bool:
        """Take in an interface description block."""
        if len(body) < 8:
            self._stop("an interface description is too short")
            return False
        if self._count >= _MOST_INTERFACES:
            self._stop(f"there are more than {_MOST_INTERFACES} interfaces")
            return False
        link, _, snaplen = struct.unpack_from(order + "HHI", body)
        units, offset_s = _time_options(body[8:], order)
        if not 0 < units < 2**63 or abs(offset_s) > 2**31:
            self._stop("an interface description has a time resolution or offset beyond 64 bits")
            return False
        if self._count == len(self._units):
            for name in ("_link_type", "_snaplen", "_units", "_offset_ns"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate((old, np.zeros_like(old))))
        at = self._count
        self._link_type[at], self._snaplen[at], self._units[at] = link, snaplen, units
        self._offset_ns[at] = offset_s * 1_000_000_000
        self._count += 1
        return True


def _time_options(options: bytes, order: str) -> tuple[int, int]:
    """Units a second (default a million) and offset in seconds."""
    units, offset = 1_000_000, 0
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        value = options[at + 4 : at + 4 + length]
        if code == 0:
            break
        if code == _IF_TSRESOL and len(value) == 1:
            exponent = value[0] & 0x7F
            units = 2**exponent if value[0] & 0x80 else 10**exponent
        elif code == _IF_TSOFFSET and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
        at += 4 + (length + 3) // 4 * 4
    return units, offset
