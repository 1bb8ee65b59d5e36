"""The record scan finds what a reader with `struct` finds, and stops where that one stops."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.captures import CaptureError, open_capture, pcap, pcapng
from pktvisor.captures.reader import LONGEST_FRAME
from pktvisor_sdk.captures import pcap_bytes, pcapng_block
from pktvisor_sdk.kernels import both_ways

# Time in ns, captured bytes, length on the wire, link type, interface.
Row = tuple[int, bytes, int, int, int]

FRAMES = st.lists(st.tuples(st.integers(0, 2**32 * 10**9 - 1), st.binary(max_size=40)), max_size=12)


def read_pcap(data: bytes, order: str, fraction_ns: int, link_type: int) -> Iterator[Row]:
    """Oracle: whole records behind the file header, one at a time."""
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, wire = struct.unpack_from(order + "4I", data, at)
        if kept > LONGEST_FRAME or at + 16 + kept > len(data):
            return
        frame = data[at + 16 : at + 16 + kept]
        yield seconds * 10**9 + fraction * fraction_ns, frame, wire, link_type, 0
        at += 16 + kept


@dataclass
class Interface:
    """What the oracle knows of a pcapng interface."""

    link_type: int
    snaplen: int
    units: int = 10**6
    offset_s: int = 0


@dataclass
class PcapngOracle:
    """Oracle: reads blocks one at a time and stops at the first it cannot vouch for."""

    data: bytes
    interfaces: list[Interface] = field(default_factory=list)
    base: int = 0
    order: str = "<"
    latest_ns: int = 0

    def rows(self) -> Iterator[Row]:
        at = 0
        while at + 12 <= len(self.data):
            if self.data[at : at + 4] == b"\n\r\r\n":
                self.order = ">" if self.data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
                self.base = len(self.interfaces)
            kind, size = struct.unpack_from(self.order + "II", self.data, at)
            if size < 12 or size % 4 or size > 16 << 20 or at + size > len(self.data):
                return
            body = self.data[at + 8 : at + size - 4]
            if kind == 1:
                self.describe(body)
            elif kind in (2, 3, 6):
                row = self.simple(body) if kind == 3 else self.packet(kind, body)
                if row is None:
                    return
                yield row
            at += size

    def describe(self, body: bytes) -> None:
        link_type, _, snaplen = struct.unpack_from(self.order + "HHI", body)
        found = Interface(link_type, snaplen)
        at = 8
        while at + 4 <= len(body):
            code, length = struct.unpack_from(self.order + "HH", body, at)
            value = body[at + 4 : at + 4 + length]
            if code == 0:
                break
            if code == 9:
                found.units = (2 if value[0] & 128 else 10) ** (value[0] & 127)
            if code == 14:
                found.offset_s = struct.unpack(self.order + "q", value)[0]
            at += 4 + -(-length // 4) * 4
        self.interfaces.append(found)

    def packet(self, kind: int, body: bytes) -> Row | None:
        if len(body) < 20:
            return None
        which, high, low, kept, wire = struct.unpack_from(self.order + "5I", body)
        if kind == 2:
            which = struct.unpack_from(self.order + "H", body)[0]
        if which >= len(self.interfaces) - self.base or kept > len(body) - 20:
            return None
        owner = self.interfaces[self.base + which]
        self.latest_ns = (high << 32 | low) * 10**9 // owner.units + owner.offset_s * 10**9
        return self.latest_ns, body[20 : 20 + kept], wire, owner.link_type, self.base + which

    def simple(self, body: bytes) -> Row | None:
        if len(body) < 4 or len(self.interfaces) == self.base:
            return None
        (wire,) = struct.unpack_from(self.order + "I", body)
        owner = self.interfaces[self.base]
        kept = min(wire, owner.snaplen or wire, len(body) - 4)
        return self.latest_ns, body[4 : 4 + kept], wire, owner.link_type, self.base


def found_rows(data: bytes, rows: int) -> tuple[list[Row], str | None]:
    """What the reader finds, asked for `rows` records at a time, with its complaint."""
    found: list[Row] = []
    with open_capture(io.BytesIO(data), rows=rows) as reader:
        for records in reader:
            arena = records.arena.tobytes()
            found += [
                (at_ns, arena[offset : offset + kept], wire, link, interface)
                for at_ns, kept, wire, offset, link, interface in zip(
                    records.timestamp_ns.tolist(),
                    records.captured_length.tolist(),
                    records.wire_length.tolist(),
                    records.frame_offset.tolist(),
                    records.link_type.tolist(),
                    records.interface.tolist(),
                    strict=True,
                )
            ]
        return found, reader.problem


@pytest.mark.parametrize("nanoseconds", [False, True], ids=["us", "ns"])
@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@given(
    frames=FRAMES, snap_length=st.integers(0, 50), cut=st.integers(0, 60), rows=st.integers(1, 5)
)
def test_a_pcap_file_cut_anywhere_gives_its_whole_records(
    nanoseconds: bool,
    big_endian: bool,
    frames: list[tuple[int, bytes]],
    snap_length: int,
    cut: int,
    rows: int,
) -> None:
    """Times are exact, snapped frames keep their length on the wire, a cut record is told of."""
    data = pcap_bytes(
        frames,
        link_type=101,
        nanoseconds=nanoseconds,
        big_endian=big_endian,
        snap_length=snap_length,
    )
    data = data[: max(len(data) - cut, 24)]
    found, problem = found_rows(data, rows)
    unit = 1 if nanoseconds else 1000
    assert found == list(read_pcap(data, ">" if big_endian else "<", unit, 101))
    expected = [(at // unit * unit, f[:snap_length], len(f), 101, 0) for at, f in frames]
    assert found == expected[: len(found)]
    complete = sum(16 + len(frame) for _, frame, _, _, _ in found) + 24 == len(data)
    assert (problem is None) == complete


@given(data=st.binary(max_size=200), rows=st.integers(1, 5))
def test_any_bytes_behind_a_pcap_header_scan_as_the_oracle_reads_them(
    data: bytes, rows: int
) -> None:
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    with both_ways(pcap, "record_scan") as kernel:
        found, _ = found_rows(header + data, rows)
    assert kernel.calls
    assert found == list(read_pcap(header + data, "<", 1000, 1))


SHORT = st.binary(max_size=12)


def section(big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    body = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    return pcapng_block(0x0A0D0D0A, body, big_endian=big_endian)


@st.composite
def sections(draw: st.DrawFn) -> bytes:
    """One section: interfaces, packets of all kinds, blocks nobody knows, in either byte order."""
    big_endian = draw(st.booleans())
    order = ">" if big_endian else "<"
    parts = [section(big_endian)]
    interfaces = 0
    for kind in draw(st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 10, 0x40000BAD]), max_size=10)):
        frame = draw(SHORT)
        wire = len(frame) + draw(st.integers(0, 9))
        high, low = draw(st.integers(0, 0xFFFF)), draw(st.integers(0, 2**32 - 1))
        which = draw(st.integers(0, interfaces))  # also one that is not there
        options = b""
        if draw(st.booleans()):
            comment = draw(SHORT)
            padding = bytes(-len(comment) % 4)
            options = struct.pack(order + "HH", 1, len(comment)) + comment + padding
        if kind == 1:
            interfaces += 1
            if draw(st.booleans()):
                resolution = draw(st.sampled_from([0, 3, 6, 7, 9, 0x80 | 10, 0x80 | 20]))
                options += struct.pack(order + "HHB3x", 9, 1, resolution)
            if draw(st.booleans()):
                options += struct.pack(order + "HHq", 14, 8, draw(st.integers(-1000, 1000)))
            options += bytes(4) if draw(st.booleans()) else b""
            link_type, snaplen = draw(st.sampled_from([1, 101, 113])), draw(st.sampled_from([0, 5]))
            body = struct.pack(order + "HHI", link_type, 0, snaplen) + options
        elif kind == 6:
            body = struct.pack(order + "5I", which, high, low, len(frame), wire) + frame
            body += bytes(-len(body) % 4) + options
        elif kind == 2:
            body = struct.pack(order + "HH4I", which, 7, high, low, len(frame), wire) + frame
            body += bytes(-len(body) % 4) + options
        elif kind == 3:
            body = struct.pack(order + "I", wire) + frame
        else:
            body = frame
        parts.append(pcapng_block(kind, body, big_endian=big_endian))
    return b"".join(parts)


@given(parts=st.lists(sections(), min_size=1, max_size=3), cut=st.integers(0, 40))
def test_pcapng_sections_give_the_packets_of_all_interfaces(parts: list[bytes], cut: int) -> None:
    data = b"".join(parts)
    data = data[: max(len(data) - cut, 28)]
    found, _ = found_rows(data, rows=3)
    expected = list(PcapngOracle(data).rows())
    assert [row[1:] for row in found] == [row[1:] for row in expected]
    for (at_ns, *_), (wanted_ns, *_) in zip(found, expected, strict=True):
        if wanted_ns <= 4294967295 * 10**9:
            assert at_ns == wanted_ns


@given(
    before=sections(),
    data=st.binary(max_size=120),
    at=st.integers(28, 200),
)
def test_any_bytes_inside_a_pcapng_file_scan_as_the_twin_does(
    before: bytes, data: bytes, at: int
) -> None:
    """Overwriting part of a file must end the scan or change the rows, in both in the same way."""
    hostile = before[:at] + data + before[at + len(data) :]
    with both_ways(pcapng, "record_scan"):
        found, problem = found_rows(hostile, rows=4)
    assert len(found) * 16 <= len(hostile)
    assert problem is None or "after record" in problem


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_one_line(data: bytes) -> None:
    for magic in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\n\r\r\n", b""):
        try:
            _, problem = found_rows(magic + data, rows=4)
        except CaptureError as refusal:
            problem = str(refusal)
        assert "\n" not in (problem or "")
