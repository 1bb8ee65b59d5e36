"""The ring kernel: frames of every block, in order, whole, with their VLAN tags, however cut."""

from __future__ import annotations

import importlib.util
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pktvisor_pcap._kernels import packet_ring

BLOCK, BLOCKS = 4096, 4
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6


@dataclass(frozen=True)
class Packet:
    data: bytes
    wire: int = 0
    tag: tuple[int, int] | None = None  # TPID (0: not told) and TCI
    kind: int = 0  # PACKET_HOST
    interface: int = 3
    protocol: int = 0x0800

    def expected(self, cooked: bool) -> bytes:
        """What the kernel must hand out, the obvious way."""
        tag = b""
        if self.tag is not None and (cooked or len(self.data) >= 12):
            tag = struct.pack(">HH", self.tag[0] or 0x8100, self.tag[1])
        if not cooked:
            return self.data[:12] + tag + self.data[12:]
        header = struct.pack(">HHH8s", self.kind, 1, 6, b"\1\2\3\4\5\6\0\0")
        return header + tag + struct.pack(">H", self.protocol) + self.data

    def entry(self, cooked: bool, last: bool) -> bytes:
        """The packet as the kernel lays it out (tpacket3_hdr, sockaddr_ll, padding, frame)."""
        start = 82 if not cooked else 96
        size = (start + len(self.data) + 15) // 16 * 16
        status = 0
        if self.tag is not None:
            status |= VLAN_VALID | (TPID_VALID if self.tag[0] else 0)
        tpid, tci = self.tag or (0, 0)
        head = struct.pack(
            "=IIIIIIHHIIHH8x",
            0 if last else size, 100, 7, len(self.data), self.wire or len(self.data), status,
            82, 96, 0, tci, tpid, 0,
        )  # fmt: skip
        address = struct.pack("=H", 17) + struct.pack(">H", self.protocol)
        address += struct.pack("=iHBB8s", self.interface, 1, self.kind, 6, b"\1\2\3\4\5\6")
        return (head + address).ljust(start, b"\0").ljust(start, b"\0") + self.data.ljust(
            size - start, b"\0"
        )


class Ring:
    """Memory laid out as the kernel does, and the state of whoever reads it."""

    def __init__(self, kernel: Any = packet_ring, rows: int = 64, room: int = 1 << 14) -> None:
        self.memory = np.zeros(BLOCK * BLOCKS, np.uint8)
        self.words = self.memory.view(np.uint32)
        self.state = np.array([0, -1, 0, 0, 0, 0, 0], np.int64)
        self.kernel, self.rows, self.room = kernel, rows, room

    def fill(self, block: int, packets: list[Packet], cooked: bool) -> None:
        body = b"".join(p.entry(cooked, p is packets[-1]) for p in packets)
        base = block * BLOCK
        self.memory[base + 48 : base + 48 + len(body)] = np.frombuffer(body, np.uint8)
        self.words[base // 4 + 2 : base // 4 + 5] = (1, len(packets), 48)

    def read(self, cooked: bool) -> list[tuple[bytes, int, int]]:
        """Frame, wire length and interface of all there is, in as many calls as it takes."""
        found = []
        for _ in range(1000):
            arena = np.zeros(self.room, np.uint8)
            columns = [
                np.zeros(self.rows, kind)
                for kind in (np.int64, np.uint32, np.uint32, np.int64, np.uint16)
            ]
            self.state[3] = self.state[4] = 0
            arrays = [self.memory, self.memory.view(np.uint16), self.words]
            if self.kernel is not packet_ring:  # the interpreted twin takes memoryviews
                arrays = [memoryview(a) for a in arrays]  # type: ignore[misc]
            self.kernel.drain(*arrays, BLOCK, BLOCKS, cooked, arena, *columns, self.state)
            times, captured, wire, offset, interface = columns
            for row in range(int(self.state[3])):
                end = offset[row] + captured[row]
                assert times[row] == 100_000_000_007
                found.append(
                    (arena[offset[row] : end].tobytes(), int(wire[row]), int(interface[row]))
                )
            if not self.state[6]:
                return found
        raise AssertionError("the ring is never empty")


@pytest.fixture(scope="module")
def twin() -> Any:
    """The same file, interpreted."""
    path = Path(packet_ring.__file__).with_name("packet_ring.py")
    spec = importlib.util.spec_from_file_location("interpreted_packet_ring", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


packets = st.builds(
    Packet,
    data=st.binary(max_size=200),
    tag=st.none() | st.tuples(st.sampled_from([0, 0x8100, 0x88A8]), st.integers(0, 0xFFFF)),
    kind=st.integers(0, 4),
    interface=st.integers(1, 40),
    protocol=st.integers(0, 0xFFFF),
)
blocks = st.lists(st.lists(packets, min_size=1, max_size=12), max_size=BLOCKS)


def expected(filled: list[list[Packet]], cooked: bool) -> list[tuple[bytes, int, int]]:
    return [
        (p.expected(cooked), len(p.expected(cooked)), p.interface) for each in filled for p in each
    ]


@given(filled=blocks, cooked=st.booleans(), rows=st.integers(1, 9), room=st.integers(250, 900))
@settings(max_examples=150, deadline=None)
def test_every_frame_comes_once_and_whole_wherever_batches_end(
    filled: list[list[Packet]], cooked: bool, rows: int, room: int
) -> None:
    ring = Ring(rows=rows, room=room)
    for number, each in enumerate(filled):
        ring.fill(number, each, cooked)
    assert ring.read(cooked) == expected(filled, cooked)
    assert not ring.words[2 :: BLOCK // 4].any(), "every block was given back"
    assert ring.state[0] == len(filled) % BLOCKS


@given(filled=blocks, cooked=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_interpreted_twin_agrees(twin: Any, filled: list[list[Packet]], cooked: bool) -> None:
    ring = Ring(twin)
    for number, each in enumerate(filled):
        ring.fill(number, each, cooked)
    assert ring.read(cooked) == expected(filled, cooked)


@given(
    seed=st.integers(0, 2**32),
    highest=st.sampled_from([2, 16, 256]),
    cooked=st.booleans(),
    count=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_no_bytes_in_a_block_crash_it_or_keep_it(
    seed: int, highest: int, cooked: bool, count: int
) -> None:
    ring = Ring()
    ring.memory[:BLOCK] = np.random.default_rng(seed).integers(0, highest, BLOCK, np.uint8)
    ring.words[2:5] = (1, count, 48)
    state, room = ring.state, ring.room
    for _ in range(200):
        state[3] = state[4] = 0
        columns = [np.zeros(64, k) for k in (np.int64, np.uint32, np.uint32, np.int64, np.uint16)]
        arrays = [ring.memory, ring.memory.view(np.uint16), ring.words]
        packet_ring.drain(*arrays, BLOCK, BLOCKS, cooked, np.zeros(room, np.uint8), *columns, state)
        if not state[6]:
            break
    assert ring.words[2] == 0


def test_a_block_the_kernel_still_owns_is_left_alone() -> None:
    ring = Ring()
    ring.fill(0, [Packet(b"x" * 60)], False)
    ring.words[2] = 0
    assert ring.read(False) == []
    ring.words[2] = 1
    assert len(ring.read(False)) == 1


def test_the_ring_goes_round() -> None:
    ring = Ring()
    for turn in range(3 * BLOCKS):
        ring.fill(turn % BLOCKS, [Packet(bytes([turn]) * 60)], False)
        assert ring.read(False) == [(bytes([turn]) * 60, 60, 3)]


def test_the_wire_length_is_that_of_the_whole_frame() -> None:
    ring = Ring()
    ring.fill(0, [Packet(b"x" * 60, wire=1500), Packet(b"y" * 60, wire=1500, tag=(0, 5))], False)
    assert [wire for _, wire, _ in ring.read(False)] == [1500, 1504]


def test_the_compiled_kernel_is_not_older_than_its_source() -> None:
    built = Path(packet_ring.__file__)
    assert built.suffix == ".so"
    sources = [built.with_name(f"packet_ring{end}") for end in (".py", ".pxd")]
    assert built.stat().st_mtime >= max(path.stat().st_mtime for path in sources), "make build"
