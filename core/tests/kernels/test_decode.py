"""Decoding in columns gives what reading one header after the other gives."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from impacket.ImpactDecoder import EthDecoder

from pktvisor.batches import PacketBatch, decoding
from pktvisor_sdk import frames as build
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.kernels import both_ways
from pktvisor_sdk.tunnels import cooked, cooked2, loopback

OK, MALFORMED, TRUNCATED, UNSUPPORTED = range(4)
ETHERNET, NULL, RAW, SLL, LOOP, SLL2 = 1, 0, 101, 113, 108, 276
TAGS = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}
EXTENSIONS = {0, 43, 44, 51, 60, 135, 139, 140}


class OutOfBytesError(Exception):
    """A header does not fit the bytes that are there."""


@dataclass
class Row:
    """What the oracle says of one frame; offsets count from its start."""

    status: int = OK
    network_offset: int = -1
    transport_offset: int = -1
    payload_offset: int = -1
    payload_length: int = 0
    ip_version: int = 0
    ip_protocol: int = 0
    transport: int = 0
    fragment: int = 0
    source: int = 0
    destination: int = 0
    source_port: int = 0
    destination_port: int = 0
    tcp_flags: int = 0
    tcp_sequence: int = 0
    vlan: int = 0
    inner_vlan: int = 0


class Frame:
    """Oracle: reads a frame the way the RFCs are written, header by header, with `struct`."""

    def __init__(self, data: bytes, link_type: int, cut: bool) -> None:
        self.data = data
        self.link_type = link_type
        self.row = Row()
        self.short = TRUNCATED if cut else MALFORMED

    def read(self) -> Row:
        try:
            network, at = self.link()
        except OutOfBytesError:
            self.row.status = self.short
            return self.row
        if network == "unsupported":
            self.row.status = UNSUPPORTED
        elif network != "other":
            self.network(network, at)
        return self.row

    def take(self, form: str, at: int) -> tuple[int, ...]:
        size = struct.calcsize("!" + form)
        if at + size > len(self.data):
            raise OutOfBytesError
        return struct.unpack_from("!" + form, self.data, at)

    def link(self) -> tuple[str, int]:
        if self.link_type == ETHERNET:
            ethertype = self.take("12xH", 0)[0]
            ethertype, at = self.tags(ethertype, 14)
            snap = self.data[at : at + 8]
            if ethertype < 0x600 and snap.startswith(b"\xaa\xaa\x03") and len(snap) == 8:
                ethertype, at = self.take("6xH", at)[0], at + 8
            return self.ethertype(*self.tags(ethertype, at, {0x8100, 0x88A8}))
        if self.link_type == SLL:
            return self.ethertype(*self.tags(self.take("14xH", 0)[0], 16, {0x8100, 0x88A8}))
        if self.link_type == SLL2:
            return self.ethertype(*self.tags(self.take("H18x", 0)[0], 20, {0x8100, 0x88A8}))
        if self.link_type == RAW:
            return "ip", 0
        if self.link_type in (NULL, LOOP):
            family = self.take("4s", 0)[0]
            numbers = {int.from_bytes(family, "big"), int.from_bytes(family, "little")}
            if 2 in numbers:
                return "ipv4", 4
            return ("ipv6", 4) if numbers & {10, 24, 28, 30} else ("other", 4)
        return "unsupported", 0

    def tags(self, ethertype: int, at: int, kinds: set[int] = TAGS) -> tuple[int, int]:
        while ethertype in kinds:
            control, ethertype = self.take("HH", at)
            at += 4
            if not self.row.vlan and not self.seen_tag:
                self.row.vlan = control & 0xFFF
            elif self.seen_tag == 1:
                self.row.inner_vlan = control & 0xFFF
            self.seen_tag += 1
        return ethertype, at

    seen_tag = 0

    @staticmethod
    def ethertype(ethertype: int, at: int) -> tuple[str, int]:
        return {0x0800: "ipv4", 0x86DD: "ipv6"}.get(ethertype, "other"), at

    def network(self, kind: str, at: int) -> None:
        row = self.row
        if at >= len(self.data):
            row.status = self.short
            return
        version = self.data[at] >> 4
        wanted = {"ipv4": 4, "ipv6": 6}.get(kind, version)
        try:
            if version != wanted or version not in (4, 6):
                row.status = MALFORMED
                if wanted in (4, 6):
                    self.take("20x" if wanted == 4 else "40x", at)
                    row.status = MALFORMED
                return
            protocol, at, end = self.ipv4(at) if version == 4 else self.ipv6(at)
        except OutOfBytesError:
            row.status = self.short
            return
        self.transport(protocol, at, end)

    def ipv4(self, at: int) -> tuple[int, int, int]:
        row = self.row
        first, total, piece, protocol, source, destination = self.take("BxHxxHxBxxII", at)
        row.ip_version, row.network_offset, row.ip_protocol = 4, at, protocol
        row.source, row.destination = source, destination
        row.fragment = 2 if piece & 0x1FFF else 1 if piece & 0x2000 else 0
        size = (first & 15) * 4
        if size < 20 or (total and total < size):
            row.status, size, total = MALFORMED, 20, 0
        end = len(self.data)
        if total:
            if at + total > end:
                row.status = self.short
            end = min(end, at + total)
        if at + size > end:
            row.status = self.short
        return protocol, min(at + size, end), end

    def ipv6(self, at: int) -> tuple[int, int, int]:
        row = self.row
        length, protocol = self.take("4xHBx", at)
        source, destination = self.take("8x16s16s", at)
        row.ip_version, row.network_offset = 6, at
        row.source = int.from_bytes(source, "big")
        row.destination = int.from_bytes(destination, "big")
        at += 40
        end = len(self.data)
        if length:
            if at + length > end:
                row.status = self.short
            end = min(end, at + length)
        for _ in range(16):
            if protocol not in EXTENSIONS:
                break
            if at + 8 > end:
                row.status, protocol = self.short, 59
                break
            following, size = self.data[at], self.data[at + 1]
            if protocol == 44:
                (place,) = self.take("2xH", at)
                row.fragment = 2 if place >> 3 else place & 1
                size = 8
            else:
                size = (size + 2) * 4 if protocol == 51 else (size + 1) * 8
            protocol = following
            if at + size > end:
                row.status, protocol, at = self.short, 59, end
                break
            at += size
            if row.fragment == 2:
                break
        row.ip_protocol = protocol
        return protocol, at, end

    def transport(self, protocol: int, at: int, end: int) -> None:
        row = self.row
        if row.fragment == 2 or protocol not in (6, 17):
            row.payload_offset, row.payload_length = at, end - at
        elif end - at < (20 if protocol == 6 else 8):
            row.status = self.short
        elif protocol == 17:
            row.transport, row.transport_offset, row.payload_offset = 1, at, at + 8
            row.source_port, row.destination_port, size = self.take("HHH", at)
            if 0 < size < 8:
                row.status = MALFORMED
            if size >= 8:
                end = min(end, at + size)
            row.payload_length = end - at - 8
        else:
            row.transport, row.transport_offset = 2, at
            row.source_port, row.destination_port, row.tcp_sequence = self.take("HHI", at)
            size, row.tcp_flags = self.take("12xBB", at)
            size = (size >> 4) * 4
            if size < 20:
                row.status, size = MALFORMED, 20
            if at + size > end:
                row.status = self.short
            row.payload_offset = min(at + size, end)
            row.payload_length = end - row.payload_offset


def decoded_rows(batch: PacketBatch) -> list[Row]:
    """The columns of a batch as the oracle's rows."""
    values = {}
    for field in fields(Row):
        if field.name in ("source", "destination"):
            hi, lo = (getattr(batch, f"{field.name}_{half}").tolist() for half in ("hi", "lo"))
            values[field.name] = [h << 64 | low for h, low in zip(hi, lo, strict=True)]
        elif field.name.endswith("_offset"):
            column = getattr(batch, field.name)
            values[field.name] = np.where(column < 0, -1, column - batch.frame_offset).tolist()
        else:
            values[field.name] = getattr(batch, field.name).tolist()
    found = [Row(**{name: values[name][i] for name in values}) for i in range(len(batch))]
    for row in found:  # the version an Ethernet type announced counts only with the header there
        if row.network_offset < 0:
            row.ip_version = 0
    return found


ADDRESSES4 = st.ip_addresses(v=4).map(str)
ADDRESSES6 = st.ip_addresses(v=6).map(str)
PORTS = st.integers(0, 65535)
BODIES = st.binary(max_size=24)


@st.composite
def transports(draw: st.DrawFn) -> tuple[int, bytes]:
    """An IP protocol and what it carries."""
    protocol = draw(st.sampled_from([build.UDP, build.TCP, build.ICMP, build.ICMPV6, 59, 132]))
    if protocol == build.UDP:
        return protocol, build.udp(draw(PORTS), draw(PORTS), draw(BODIES))
    if protocol == build.TCP:
        return protocol, build.tcp(
            draw(PORTS),
            draw(PORTS),
            draw(BODIES),
            sequence=draw(st.integers(0, 2**32 - 1)),
            flags=draw(st.integers(0, 255)),
            options=bytes(4 * draw(st.integers(0, 3))),
        )
    return protocol, draw(BODIES)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """An IPv4 packet with options or fragmented, or an IPv6 one with extension headers."""
    protocol, payload = draw(transports())
    piece, more = draw(st.sampled_from([0, 0, 0, 8, 1480])), draw(st.booleans())
    if draw(st.booleans()):
        return build.ipv4(
            draw(ADDRESSES4),
            draw(ADDRESSES4),
            payload,
            protocol=protocol,
            options=bytes(4 * draw(st.integers(0, 10))),
            fragment_offset=piece,
            more_fragments=more,
        )
    for kind in draw(st.lists(st.sampled_from([0, 43, 60, 135, 44]), max_size=4)):
        if kind == 44:
            payload = build.ipv6_fragment(
                payload,
                identifier=0,
                next_header=protocol,
                fragment_offset=piece,
                more_fragments=more,
            )
        else:
            size = 8 * draw(st.integers(1, 3))
            payload = build.ipv6_extension(payload, next_header=protocol, size=size)
        protocol = kind
    return build.ipv6(draw(ADDRESSES6), draw(ADDRESSES6), payload, next_header=protocol)


@st.composite
def linked(draw: st.DrawFn) -> tuple[int, bytes]:
    """A link type and a frame of it, perhaps followed by padding."""
    packet = draw(packets())
    padding = bytes(draw(st.sampled_from([0, 0, 6])))
    link_type = draw(st.sampled_from([ETHERNET, NULL, RAW, SLL, LOOP, SLL2]))
    if link_type == ETHERNET:
        vlans = tuple(draw(st.lists(st.integers(1, 4095), max_size=3)))
        ethertype = draw(st.sampled_from([None, None, None, 0x0806, 0x88CC]))
        return link_type, build.ethernet(packet, ethertype, vlans) + padding
    if link_type in (NULL, LOOP):
        return link_type, loopback(packet, big=link_type == LOOP) + padding
    wrap = {SLL: cooked, SLL2: cooked2, RAW: bytes}[link_type]
    return link_type, wrap(packet) + padding


def check(link_type: int, frames: list[bytes], snap_length: int = 262144) -> None:
    cut = [len(frame) > snap_length for frame in frames]
    with both_ways(decoding):
        batch = packet_batch(frames, link_type=link_type, snap_length=snap_length)
    expected = [
        Frame(frame[:snap_length], link_type, is_cut).read()
        for frame, is_cut in zip(frames, cut, strict=True)
    ]
    assert decoded_rows(batch) == expected


@given(frame=linked(), snap_length=st.one_of(st.just(262144), st.integers(0, 100)))
def test_frames_of_every_link_type_decode_as_the_oracle_reads_them(
    frame: tuple[int, bytes], snap_length: int
) -> None:
    """VLANs, IPv4 options, IPv6 extension headers, fragments, padding; whole and cut anywhere."""
    check(frame[0], [frame[1]], snap_length)


@given(
    frame=linked(),
    place=st.integers(0, 80),
    change=st.binary(max_size=6),
    other=st.binary(max_size=80),
)
def test_damaged_frames_decode_as_the_oracle_reads_them(
    frame: tuple[int, bytes], place: int, change: bytes, other: bytes
) -> None:
    link_type, good = frame
    damaged = good[:place] + change + good[place + len(change) :]
    check(link_type, [damaged, other, good])


@given(link_type=st.integers(0, 300), frames=st.lists(st.binary(max_size=100), max_size=4))
def test_any_bytes_of_any_link_type_leave_offsets_inside_their_frame(
    link_type: int, frames: list[bytes]
) -> None:
    with both_ways(decoding):
        batch = packet_batch(frames, link_type=link_type)
    end = batch.frame_offset + batch.captured_length
    for name in ("network_offset", "transport_offset", "payload_offset"):
        column = getattr(batch, name)
        there = column >= 0
        assert (column[there] >= batch.frame_offset[there]).all()
        assert (column[there] <= end[there]).all()
    carrying = batch.payload_offset >= 0
    assert (batch.payload_length >= 0).all()
    assert (batch.payload_offset + batch.payload_length <= end)[carrying].all()


@given(source=ADDRESSES4, destination=ADDRESSES4, ports=st.tuples(PORTS, PORTS), body=BODIES)
def test_udp_over_ipv4_reads_as_impacket_reads_it(
    source: str, destination: str, ports: tuple[int, int], body: bytes
) -> None:
    frame = build.udp_frame(source, destination, *ports, body)
    batch = packet_batch([frame])
    packet = EthDecoder().decode(frame).child()
    assert ipaddress.ip_address(int(batch.source_lo[0])) == ipaddress.ip_address(
        packet.get_ip_src()
    )
    assert ipaddress.ip_address(int(batch.destination_lo[0])) == ipaddress.ip_address(
        packet.get_ip_dst()
    )
    datagram = packet.child()
    assert batch.source_port[0] == datagram.get_uh_sport()
    assert batch.destination_port[0] == datagram.get_uh_dport()
    assert batch.payload_length[0] == datagram.get_uh_ulen() - 8
