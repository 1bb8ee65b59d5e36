"""Build capture files and batches from frames."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from pktvisor.batches import Hosts, PacketBatch, Records, decode

__all__ = [
    "START_NS",
    "Frame",
    "packet_batch",
    "pcap_bytes",
    "pcapng_block",
    "pcapng_bytes",
    "records",
]

START_NS = 1_700_000_000_000_000_000
"""The time of frames that are given without one."""

# A frame, or a frame with its time in ns since 1970-01-01 UTC.
Frame = bytes | tuple[int, bytes]


def _timed(frames: Iterable[Frame]) -> list[tuple[int, bytes]]:
    """Frames without a time follow each other by a millisecond."""
    return [
        (START_NS + 1_000_000 * place, frame) if isinstance(frame, bytes) else frame
        for place, frame in enumerate(frames)
    ]


def pcap_bytes(
    frames: Iterable[Frame],
    *,
    link_type: int = 1,
    nanoseconds: bool = False,
    big_endian: bool = False,
    snap_length: int = 262144,
) -> bytes:
    """A pcap file: frames longer than `snap_length` are cut, their length on the wire kept."""
    order = ">" if big_endian else "<"
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
    for at_ns, frame in _timed(frames):
        seconds, rest = divmod(at_ns, 1_000_000_000)
        kept = frame[:snap_length]
        parts.append(struct.pack(order + "IIII", seconds, rest // unit, len(kept), len(frame)))
        parts.append(kept)
    return b"".join(parts)


def pcapng_block(kind: int, body: bytes, *, big_endian: bool = False) -> bytes:
    """One pcapng block of any kind: its body padded to fours, with both lengths."""
    order = ">" if big_endian else "<"
    padded = body + bytes(-len(body) % 4)
    size = 12 + len(padded)
    return struct.pack(order + "II", kind, size) + padded + struct.pack(order + "I", size)


def pcapng_bytes(
    frames: Iterable[tuple[int, Frame]] | Iterable[Frame],
    *,
    link_types: Sequence[int] = (1,),
    big_endian: bool = False,
    exponents: Sequence[int] | None = None,
) -> bytes:
    """A pcapng file; a frame may come as `(interface, frame)` where there are several interfaces.

    `exponents` are the interfaces' negative powers of ten of a second (if_tsresol), 6 by default.
    """
    order = ">" if big_endian else "<"
    exponents = exponents or [6] * len(link_types)

    def block(kind: int, body: bytes) -> bytes:
        return pcapng_block(kind, body, big_endian=big_endian)

    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for link_type, exponent in zip(link_types, exponents, strict=True):
        options = struct.pack(order + "HHB3xI", 9, 1, exponent, 0)
        parts.append(block(1, struct.pack(order + "HHI", link_type, 0, 0) + options))
    for place, item in enumerate(frames):
        owner, frame = _owner(item)
        at_ns, raw = (START_NS + 1_000_000 * place, frame) if isinstance(frame, bytes) else frame
        ticks = at_ns // 10 ** (9 - exponents[owner])
        head = struct.pack(
            order + "IIIII", owner, ticks >> 32, ticks & 0xFFFFFFFF, len(raw), len(raw)
        )
        parts.append(block(6, head + raw))
    return b"".join(parts)


def _owner(item: tuple[int, Frame] | Frame) -> tuple[int, Frame]:
    if isinstance(item, tuple) and item[0] < 65536:
        return item[0], item[1]
    return 0, item  # type: ignore[return-value]


def records(frames: Iterable[Frame], *, link_type: int = 1, snap_length: int = 262144) -> Records:
    """Frames as a reader hands them on; longer ones are cut, their length on the wire kept."""
    timed = _timed(frames)
    wire = np.array([len(frame) for _, frame in timed], np.uint32)
    lengths = np.minimum(wire, np.uint32(snap_length))
    arena = np.frombuffer(b"".join(frame[:snap_length] for _, frame in timed) or b"\0", np.uint8)
    return Records(
        arena=arena,
        timestamp_ns=np.array([at for at, _ in timed], np.int64),
        captured_length=lengths,
        wire_length=wire,
        frame_offset=np.cumsum(lengths, dtype=np.int64) - lengths,
        link_type=np.full(len(timed), link_type, np.uint16),
        interface=np.zeros(len(timed), np.uint16),
    )


def packet_batch(
    frames: Iterable[Frame],
    *,
    host_spec: str = "",
    link_type: int = 1,
    snap_length: int = 262144,
    decapsulate: bool = False,
) -> PacketBatch:
    """Frames as a decoded batch, directions by `host_spec`."""
    found = records(frames, link_type=link_type, snap_length=snap_length)
    return decode(found, Hosts.parse(host_spec), decapsulate=decapsulate)
