"""Fragments become whole datagrams, in bounded memory; compared with an obvious slow twin."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pktvisor.batches import PacketBatch
from pktvisor.stages import Datagrams, DnsMessages, DnsMessagesStage, IpReassembly
from pktvisor_sdk import dns as messages
from pktvisor_sdk.captures import START_NS, Frame, packet_batch
from pktvisor_sdk.frames import TCP, UDP, ethernet, ipv4, ipv6, ipv6_fragment, tcp, udp

SECOND = 1_000_000_000
ENDS4, ENDS6 = ("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")
Piece = tuple[int, int]  # offset and length


def piece(
    whole: bytes,
    at: int,
    size: int,
    *,
    wide: bool = False,
    identifier: int = 1,
    more: bool | None = None,
    protocol: int = UDP,
) -> bytes:
    """A frame with one fragment of an IP payload."""
    data = whole[at : at + size]
    more = at + size < len(whole) if more is None else more
    if wide:
        part = ipv6_fragment(
            data,
            identifier=identifier,
            fragment_offset=at,
            more_fragments=more,
            next_header=protocol,
        )
        return ethernet(ipv6(*ENDS6, part, next_header=44))
    return ethernet(
        ipv4(
            *ENDS4,
            data,
            identifier=identifier,
            fragment_offset=at,
            more_fragments=more,
            protocol=protocol,
        )
    )


def cut(whole: bytes, size: int, **options: object) -> list[bytes]:
    """A frame for every `size` bytes of an IP payload."""
    return [piece(whole, at, size, **options) for at in range(0, len(whole), size)]  # type: ignore[arg-type]


def payloads(table: Datagrams) -> list[bytes]:
    packets = table.packets
    return [
        bytes(packets.arena[at : at + size])
        for at, size in zip(
            packets.payload_offset.tolist(), packets.payload_length.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize("wide", [False, True], ids=["IPv4", "IPv6"])
def test_a_datagram_is_whole_when_its_last_missing_piece_comes(wide: bool) -> None:
    body = bytes(range(256)) * 12
    first, *rest = cut(udp(53, 4242, body), 1400, wide=wide)
    batch = packet_batch([*reversed(rest), first, ethernet(ipv4(*ENDS4, udp(1, 2)))])
    table = IpReassembly().run(batch)
    assert table.packet_row.tolist() == [len(rest)]
    assert payloads(table) == [body]
    packets = table.packets
    assert packets.source_port.tolist() == [53]
    assert packets.ip_version.tolist() == [6 if wide else 4]
    assert packets.timestamp_ns.tolist() == [batch.timestamp_ns[len(rest)]]


def test_a_reassembled_datagram_has_the_flow_of_an_unfragmented_one() -> None:
    whole = udp(53, 4242, bytes(100))
    table = IpReassembly().run(packet_batch(cut(whole, 48)))
    plain = packet_batch([ethernet(ipv4(*ENDS4, whole))])
    assert table.packets.flow_hash.tolist() == plain.flow_hash.tolist()


def test_direction_and_tag_are_those_of_the_completing_fragment() -> None:
    frames = [ethernet(f[14:], vlans=(7,)) for f in cut(udp(53, 4242, bytes(100)), 48)]
    table = IpReassembly().run(packet_batch(frames, host_spec="192.0.2.1/32"))
    assert table.packets.direction.tolist() == [2]
    assert table.packets.vlan.tolist() == [7]


def test_pieces_may_come_in_different_batches() -> None:
    stage = IpReassembly()
    frames = cut(udp(53, 4242, b"x" * 100), 40)
    found = [payloads(stage.run(packet_batch([frame]))) for frame in frames]
    assert found == [[], [], [b"x" * 100]]


def test_datagrams_are_kept_apart_by_addresses_identifier_and_protocol() -> None:
    first, second = (
        cut(udp(53, 4242, b"a" * 80), 48),
        cut(udp(53, 4242, b"b" * 80), 48, identifier=2),
    )
    third = cut(udp(53, 4242, b"c" * 80), 48, protocol=200)
    frames = [first[0], second[0], third[0], third[1], second[1], first[1]]
    table = IpReassembly().run(packet_batch(frames))
    assert table.packet_row.tolist() == [3, 4, 5]
    assert [found[-8:] for found in payloads(table)] == [b"c" * 8, b"b" * 8, b"a" * 8]


@pytest.mark.parametrize("wide", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    ("overlapping", "more"),
    [((32, 64), True), ((8, 16), True), ((0, 96), True), ((40, 8), True), ((48, 8), False)],
)
def test_overlapping_pieces_drop_their_datagram(wide: bool, overlapping: Piece, more: bool) -> None:
    whole = udp(53, 4242, bytes(200))
    frames = cut(whole, 48, wide=wide)
    evil = piece(whole, *overlapping, wide=wide, more=more)
    stage = IpReassembly()
    assert payloads(stage.run(packet_batch([*frames[:2], evil, *frames[2:]]))) == []
    assert stage.counters()["ip_datagrams_overlapping"] == 1


def test_the_same_piece_again_does_no_harm() -> None:
    frames = cut(udp(53, 4242, b"x" * 100), 40)
    stage = IpReassembly()
    found = payloads(stage.run(packet_batch([frames[0], frames[0], frames[1], *frames[1:]])))
    assert found == [b"x" * 100]
    assert stage.counters()["ip_fragments_duplicate"] == 2


def test_the_same_place_with_other_bytes_is_an_overlap() -> None:
    frames = cut(udp(53, 4242, b"x" * 100), 40)
    other = cut(udp(53, 4242, b"y" * 100), 40)
    stage = IpReassembly()
    assert payloads(stage.run(packet_batch([frames[0], other[0], *frames[1:]]))) == []
    assert stage.counters()["ip_datagrams_overlapping"] == 1


def test_two_ends_contradict_each_other() -> None:
    whole = udp(53, 4242, bytes(100))
    frames = [piece(whole, 96, 8, more=False), piece(whole, 48, 8, more=False)]
    stage = IpReassembly()
    stage.run(packet_batch(frames))
    assert stage.counters()["ip_datagrams_overlapping"] == 1


def test_an_incomplete_datagram_is_forgotten_after_thirty_seconds() -> None:
    old, new = (cut(udp(53, 4242, letter * 100), 48) for letter in (b"a", b"b"))
    at = START_NS + 31 * SECOND
    timed: list[Frame] = [(START_NS, old[0]), (at, new[1]), (at, new[2]), (at, new[0])]
    stage = IpReassembly()
    assert payloads(stage.run(packet_batch(timed))) == [b"b" * 100]
    assert stage.counters()["ip_datagrams_timed_out"] == 1


@pytest.mark.parametrize(
    "frame",
    [
        piece(bytes(80), 0, 44, more=True),
        piece(bytes(65536 + 80), 65528, 16, more=False),
        piece(bytes(80), 48, 0, more=True),
        piece(bytes(80), 8, 16, wide=True, more=True)[:-1],
        ethernet(ipv6(*ENDS6, b"\x2c\0\1\4\0\0\0\0", next_header=0)),
    ],
    ids=["not a multiple of 8", "beyond 64 KiB", "empty", "cut short", "header not there"],
)
def test_a_fragment_of_no_use_is_counted_and_ignored(frame: bytes) -> None:
    stage = IpReassembly()
    assert payloads(stage.run(packet_batch([frame]))) == []
    unusable = stage.counters()["ip_fragments_unusable"]
    assert unusable == (0 if packet_batch([frame]).fragment[0] == 0 else 1)


def test_a_datagram_of_very_many_pieces_is_given_up() -> None:
    stage = IpReassembly()
    assert payloads(stage.run(packet_batch(cut(udp(1, 2, bytes(2000)), 8)))) == []
    assert stage.counters()["ip_datagrams_evicted"] == 1


def test_a_flood_of_beginnings_is_bounded_and_counted() -> None:
    stage = IpReassembly()
    whole = udp(53, 4242, bytes(4000))
    begun = 3000
    for number in range(begun):
        stage.run(packet_batch([piece(whole, 0, 2000, identifier=number)]))
    held = int((stage._time >= 0).sum())
    assert held <= 1024
    assert stage.counters()["ip_datagrams_evicted"] == begun - held
    fresh = cut(whole, 2000, identifier=60000)
    assert payloads(stage.run(packet_batch(fresh))) == [bytes(4000)]


def test_a_datagram_of_the_largest_size_is_whole() -> None:
    body = bytes(range(251)) * 260
    whole = udp(53, 4242, body[: 65535 - 8])
    table = IpReassembly().run(packet_batch(cut(whole, 1480)))
    assert payloads(table) == [body[: 65535 - 8]]


def test_a_batch_without_fragments_is_not_looked_at() -> None:
    stage = IpReassembly()
    batch = packet_batch([ethernet(ipv4(*ENDS4, udp(53, 4242)))])
    assert len(stage.run(batch)) == 0
    assert stage.run(batch) is stage.run(batch)


# --- against the twin ---------------------------------------------------------------------------


@dataclass
class Twin:
    """Reassembly as the RFCs tell it: dicts and bytes, no bounds."""

    open: dict[object, list[tuple[int, bytes, bool]]] = field(default_factory=dict)
    dropped: set[object] = field(default_factory=set)

    def add(self, key: object, at: int, data: bytes, more: bool) -> bytes | None:
        if key in self.dropped:
            return None
        pieces = self.open.setdefault(key, [])
        if any((at, data) == (a, d) for a, d, _ in pieces):
            return None
        pieces.append((at, data, more))
        taken = [place for a, d, _ in pieces for place in range(a, a + len(d))]
        ends = {a + len(d) for a, d, m in pieces if not m}
        if len(set(taken)) < len(taken) or len(ends) > 1 or (ends and max(taken) >= min(ends)):
            self.dropped.add(key)
            del self.open[key]
            return None
        if ends == {len(taken)}:
            del self.open[key]
            return b"".join(d for _, d, _ in sorted(pieces))
        return None


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, int, int, bool, bool]]:
    """Pieces (identifier, offset, length, more, IPv6): those of whole datagrams, shuffled, and others."""
    found: list[tuple[int, int, int, bool, bool]] = []
    for identifier in range(draw(st.integers(1, 4))):
        wide = draw(st.booleans())
        cuts = sorted(draw(st.sets(st.integers(1, 24), max_size=5)))
        edges = [0, *(8 * c for c in cuts), 200]
        found += [(identifier, low, high - low, high < 200, wide) for low, high in pairwise(edges)]
    stray = st.tuples(
        st.integers(0, 3), st.integers(0, 20).map(lambda n: 8 * n),
        st.integers(1, 8).map(lambda n: 8 * n), st.booleans(), st.booleans(),
    )  # fmt: skip
    found += draw(st.lists(stray, max_size=3))
    found += draw(st.lists(st.sampled_from(found), max_size=3))
    return draw(st.permutations(found))


@settings(max_examples=200)
@given(arrived=arrivals(), cuts=st.sets(st.integers(0, 40), max_size=4))
def test_any_arrival_gives_what_the_twin_gives(
    arrived: list[tuple[int, int, int, bool, bool]], cuts: set[int]
) -> None:
    twin, expected, frames = Twin(), [], []
    for place, (identifier, at, size, more, wide) in enumerate(arrived):
        whole = bytes([identifier]) * 8 + bytes(n % 251 for n in range(400))
        if at == 0 and size == len(whole) and not more:
            continue
        frames.append(piece(whole, at, size, wide=wide, identifier=identifier, more=more,
                            protocol=200))  # fmt: skip
        if at == 0 and not more:  # not a fragment at all
            continue
        done = twin.add((identifier, wide), at, whole[at : at + size], more)
        if done is not None:
            expected.append((place, done))
    stage, found, start = IpReassembly(), [], 0
    for end in [*sorted(cuts), len(frames)]:
        if start < end <= len(frames):
            table = stage.run(packet_batch(frames[start:end]))
            rows = (table.packet_row + start).tolist()
            found += list(zip(rows, payloads(table), strict=True))
            start = end
    assert found == expected


@given(
    frames=st.lists(st.binary(max_size=60), min_size=1, max_size=20),
    wide=st.booleans(),
    field_=st.integers(0, 65535),
)
def test_no_bytes_crash_the_reassembly(frames: list[bytes], wide: bool, field_: int) -> None:
    head = ethernet(ipv6(*ENDS6, b"", next_header=44) if wide else ipv4(*ENDS4, b""))
    whole = bytearray(head)
    if not wide:
        whole[20:22] = struct.pack("!H", field_)
        whole[16:18] = b"\0\0"
    stage = IpReassembly()
    for _ in range(2):
        table = stage.run(packet_batch([bytes(whole) + frame for frame in frames]))
        assert len(table) <= len(frames)


def test_work_per_fragment_is_bounded_by_the_pieces_of_one_datagram() -> None:
    """Twice the overlapping fragments cost twice the work: each meets 128 pieces at most."""
    stage = IpReassembly()
    whole = bytes(40000)
    for number in range(600):
        stage.run(packet_batch([piece(whole, 8 * (2 * number % 4000), 8, more=True)]))
        assert int(stage._count.max()) <= 128


# --- DNS in fragments -----------------------------------------------------------------------------


class Messages:
    """The two stages as a stream runs them."""

    def __init__(self) -> None:
        self._stages = (IpReassembly(), DnsMessagesStage())

    def run(self, batch: PacketBatch) -> DnsMessages:
        for stage in self._stages:
            batch.add_stage(stage.run(batch))
        return batch.stage(DnsMessages)


def _names(table: DnsMessages) -> Iterator[str]:
    for at, size in zip(table.name_offset.tolist(), table.name_length.tolist(), strict=True):
        yield bytes(table.lower[at : at + size]).decode()


@pytest.mark.parametrize("wide", [False, True], ids=["IPv4", "IPv6"])
def test_a_message_in_fragments_is_read_in_the_packet_that_completes_it(wide: bool) -> None:
    answer = messages.reply(messages.query("large.example.org"), answers=40)
    plain = ethernet(ipv4(*ENDS4, udp(4000, 53, messages.query("small.example.org"))))
    frames = [*cut(udp(53, 4242, answer), 400, wide=wide)[::-1], plain]
    table = Messages().run(packet_batch(frames))
    last = len(frames) - 2
    assert table.packet_row.tolist() == [last, last + 1]
    assert table.transport.tolist() == [1, 1]
    assert table.port.tolist() == [4242, 4000]
    assert table.message_length.tolist() == [len(answer), len(messages.query("small.example.org"))]
    assert list(_names(table)) == ["large.example.org", "small.example.org"]


def test_a_segment_in_fragments_continues_its_tcp_stream() -> None:
    query = messages.query("tcp.example.org")
    framed = struct.pack("!H", len(query)) + query
    start = ethernet(ipv4(*ENDS4, tcp(4242, 53, framed[:9], sequence=1), protocol=TCP))
    rest = tcp(4242, 53, framed[9:], sequence=10)
    table = Messages().run(packet_batch([start, *cut(rest, 24, protocol=TCP)]))
    assert table.packet_row.tolist() == [2]
    assert table.transport.tolist() == [2]
    assert list(_names(table)) == ["tcp.example.org"]


def test_a_selection_keeps_the_datagrams_of_its_packets() -> None:
    answer = messages.reply(messages.query("large.example.org"), answers=10)
    batch = packet_batch(
        [*cut(udp(53, 4242, answer), 200), *cut(udp(53, 4243, answer), 200, identifier=2)]
    )
    run = Messages()
    run.run(batch)
    last = int(batch.stage(DnsMessages).packet_row[-1])
    chosen = batch.take(np.array([0, last]))
    assert chosen.stage(Datagrams).packet_row.tolist() == [1]
    assert chosen.stage(Datagrams).packets.destination_port.tolist() == [4243]
    assert chosen.stage(DnsMessages).port.tolist() == [4243]


def test_addresses_are_those_of_the_fragments() -> None:
    table = IpReassembly().run(packet_batch(cut(udp(53, 4242, bytes(100)), 48)))
    assert table.packets.source_lo.tolist() == [int(ip_address(ENDS4[0]))]
