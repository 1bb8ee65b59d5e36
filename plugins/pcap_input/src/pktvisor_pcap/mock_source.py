"""Made-up traffic: one DNS packet over UDP every 100 ms, between 192.168.0.1 and random peers."""

from __future__ import annotations

import random
import struct
import time

import numpy as np

from pktvisor.batches import Records

__all__ = ["MockSource"]

INTERVAL_S = 0.1

_HOST = bytes((192, 168, 0, 1))
_QTYPES = (1, 28, 12, 15, 16)  # A, AAAA, PTR, MX, TXT
_ETHERNET = bytes.fromhex("020000000001 020000000002 0800")


class MockSource:
    """Makes packets; queries come to the host's port 53, replies leave it, and none belong together."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret

    def packet(self, at_ns: int | None = None) -> Records:
        """The next packet, as a batch of one."""
        frame = np.frombuffer(self._frame(), np.uint8)
        length = np.array([len(frame)], np.uint32)
        return Records(
            frame,
            np.array([time.time_ns() if at_ns is None else at_ns], np.int64),
            length,
            length.copy(),
            np.zeros(1, np.int64),
            np.ones(1, np.uint16),
            np.zeros(1, np.uint16),
        )

    def _frame(self) -> bytes:
        draw = self._random
        peer = bytes((10, 0, 0, draw.randint(0, 254)))
        port = draw.randint(1024, 65535)
        reply = draw.random() < 0.5
        dns = _dns(draw, reply)
        ports = (53, port) if reply else (port, 53)
        udp = struct.pack(">HHHH", *ports, 8 + len(dns), 0) + dns
        ends = (_HOST, peer) if reply else (peer, _HOST)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *ends)
        ip = ip[:10] + struct.pack(">H", _checksum(ip)) + ip[12:]
        return _ETHERNET + ip + udp


def _dns(draw: random.Random, reply: bool) -> bytes:
    flags = 0x8180 | draw.randint(0, 5) if reply else 0x0100
    header = struct.pack(">HHHHHH", draw.randint(0, 65535), flags, 1, 0, 0, 0)
    labels = (str(draw.randint(0, 19)), "pktvisor-mock", "dev")
    name = b"".join(bytes((len(label),)) + label.encode() for label in labels)
    return header + name + struct.pack(">BHH", 0, draw.choice(_QTYPES), 1)


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
