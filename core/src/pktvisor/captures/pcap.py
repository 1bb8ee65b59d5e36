"""Classic pcap files (draft-ietf-opsawg-pcap): microseconds or nanoseconds, either byte order.

Also the variant of old Linux distributions (magic a1b2cd34), whose record headers are 24 bytes.
"""

from __future__ import annotations

import struct

import numpy as np

from pktvisor._kernels import record_scan
from pktvisor.batches import Records
from pktvisor.captures.buffer import Buffer
from pktvisor.captures.errors import CaptureError
from pktvisor.captures.reader import LONGEST_FRAME, CaptureReader
from pktvisor.captures.source import Source

__all__ = ["PcapReader"]

_MICROSECONDS, _NANOSECONDS, _MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
_RESERVED = 0x03FF0000
_KNOWN = {
    struct.pack(order + "I", magic): (order, magic)
    for order in "<>"
    for magic in (_MICROSECONDS, _NANOSECONDS, _MODIFIED)
}


class PcapReader(CaptureReader):
    """Records of a classic pcap file; all have the link type of the file header."""

    format = "pcap"

    @staticmethod
    def knows(magic: bytes) -> bool:
        """Whether a file that starts with these four bytes is one of these."""
        return magic in _KNOWN

    def __init__(self, source: Source, buffer: Buffer, rows: int) -> None:
        super().__init__(source, buffer, rows)
        header = buffer.peek(24)
        order, magic = _KNOWN[header[:4]]
        if len(header) < 24:
            raise CaptureError(f"{source.name}: the file ends inside the pcap file header")
        major, minor, _, _, _, link = struct.unpack(order + "HHiIII", header[4:])
        if major != 2:
            raise CaptureError(
                f"{source.name}: pcap version {major}.{minor} is not supported; 2.4 is"
            )
        if link & _RESERVED:
            raise CaptureError(f"{source.name}: the link type {link:#x} has reserved bits set")
        buffer.start += 24
        self._swapped = order == ">"
        self._header = 24 if magic == _MODIFIED else 16
        self._fraction_ns = 1 if magic == _NANOSECONDS else 1000
        self._link_type = np.full(rows, link & 0xFFFF, np.uint16)
        self._interface = np.zeros(rows, np.uint16)

    def _scan(self) -> tuple[Records, int]:
        buffer = self._buffer
        columns = self._columns()
        result = np.zeros(3, np.int64)
        record_scan.scan_pcap(
            buffer.data,
            buffer.start,
            buffer.stop,
            self._swapped,
            self._header,
            self._fraction_ns,
            LONGEST_FRAME,
            *columns,
            result,
        )
        rows, buffer.start, why = result.tolist()
        found = [column[:rows] for column in columns]
        records = Records(buffer.data, *found, self._link_type[:rows], self._interface[:rows])
        return records, why
