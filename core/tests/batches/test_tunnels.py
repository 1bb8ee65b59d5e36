"""With `decapsulate` the columns tell of the packet inside; without, of the one outside."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.batches import PacketBatch, decoding
from pktvisor.batches.decoding import DEEPEST
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import (
    GRE,
    ICMP,
    IPV4_IN_IP,
    IPV6_IN_IP,
    TCP,
    UDP,
    ethernet,
    ipv4,
    ipv6,
    tcp,
    udp,
)
from pktvisor_sdk.kernels import both_ways
from pktvisor_sdk.tunnels import (
    GENEVE_PORT,
    GTP_U_PORT,
    VXLAN_PORT,
    geneve,
    gre,
    gtp_u,
    mpls,
    ppp,
    vxlan,
)

OK, MALFORMED, TRUNCATED = 0, 1, 2
Wrap = Callable[[bytes], bytes]
INNER4 = ipv4("192.0.2.1", "192.0.2.2", udp(4242, 53, b"question"))
INNER6 = ipv6(
    "2001:db8::1",
    "2001:db8::2",
    tcp(4242, 53, b"question", sequence=5, flags=0x18),
    next_header=TCP,
)


def over4(payload: bytes, protocol: int) -> bytes:
    return ipv4("198.51.100.1", "198.51.100.2", payload, protocol=protocol)


def over_udp(port: int) -> Callable[[bytes], bytes]:
    return lambda payload: over4(udp(61000, port, payload), UDP)


def in_ip(packet: bytes) -> int:
    return IPV6_IN_IP if packet[0] >> 4 == 6 else IPV4_IN_IP


def pptp(packet: bytes, *, acknowledged: bool) -> bytes:
    frame = ppp(packet)
    flags = 0x3001 | acknowledged << 7
    end = struct.pack("!I", 1) if acknowledged else b""
    return struct.pack("!HHHHI", flags, 0x880B, len(frame), 1, 1) + end + frame


def erspan3(packet: bytes, *, more: bool) -> bytes:
    header = bytes(11) + bytes([more]) + (bytes(8) if more else b"")
    return gre(header + ethernet(packet), 0x22EB, sequence=1)


def gpe(packet: bytes) -> bytes:
    return b"\x0c\0\0" + (b"\2" if packet[0] >> 4 == 6 else b"\1") + bytes(4) + packet


TUNNELS: dict[str, Wrap] = {
    "IP in IPv4": lambda p: over4(p, in_ip(p)),
    "IP in IPv6": lambda p: ipv6("fd00::1", "fd00::2", p, next_header=in_ip(p)),
    "GRE": lambda p: over4(gre(p), GRE),
    "GRE with all fields": lambda p: over4(gre(p, key=1, sequence=2, checksum=True), GRE),
    "GRE of Ethernet": lambda p: over4(gre(ethernet(p), 0x6558, key=1), GRE),
    "GRE of MPLS": lambda p: over4(gre(mpls(p), 0x8847), GRE),
    "GRE of PPP": lambda p: over4(gre(ppp(p), 0x880B), GRE),
    "PPTP": lambda p: over4(pptp(p, acknowledged=False), GRE),
    "PPTP with acknowledgement": lambda p: over4(pptp(p, acknowledged=True), GRE),
    "ERSPAN I": lambda p: over4(gre(ethernet(p), 0x88BE), GRE),
    "ERSPAN II": lambda p: over4(gre(bytes(8) + ethernet(p), 0x88BE, sequence=1), GRE),
    "ERSPAN III": lambda p: over4(erspan3(p, more=False), GRE),
    "ERSPAN III with more": lambda p: over4(erspan3(p, more=True), GRE),
    "MPLS in IP": lambda p: over4(mpls(p), 137),
    "MPLS in UDP": lambda p: over_udp(6635)(mpls(p)),
    "VXLAN": lambda p: over_udp(VXLAN_PORT)(vxlan(ethernet(p))),
    "VXLAN of old Linux": lambda p: over_udp(8472)(vxlan(ethernet(p))),
    "VXLAN with a tag inside": lambda p: over_udp(VXLAN_PORT)(vxlan(ethernet(p, vlans=(5,)))),
    "VXLAN-GPE": lambda p: over_udp(4790)(gpe(p)),
    "GENEVE": lambda p: over_udp(GENEVE_PORT)(geneve(ethernet(p))),
    "GENEVE with options": lambda p: over_udp(GENEVE_PORT)(geneve(ethernet(p), options=bytes(12))),
    "GTP-U": lambda p: over_udp(GTP_U_PORT)(gtp_u(p)),
    "GTP-U with a sequence": lambda p: over_udp(GTP_U_PORT)(gtp_u(p, sequence=7)),
    "GTP-U with extensions": lambda p: over_udp(GTP_U_PORT)(gtp_u(p, extensions=(b"12", b"6" * 6))),
}


def columns(batch: PacketBatch, row: int = 0) -> dict[str, int]:
    """What must not depend on where the packet was found."""
    same = ("ip_version", "ip_protocol", "transport", "fragment", "source_hi", "source_lo",
            "destination_hi", "destination_lo", "source_port", "destination_port", "tcp_flags",
            "tcp_sequence", "payload_length", "direction", "status", "flow_hash")  # fmt: skip
    return {name: int(batch.column(name)[row]) for name in same}


@pytest.mark.parametrize("packet", [INNER4, INNER6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("tunnel", TUNNELS)
def test_decapsulation_finds_the_packet_inside(tunnel: str, packet: bytes) -> None:
    hosts = "192.0.2.2/32,2001:db8::2/128"
    frame = ethernet(TUNNELS[tunnel](packet))
    batch = packet_batch([frame], decapsulate=True, host_spec=hosts)
    assert columns(batch) == columns(packet_batch([ethernet(packet)], host_spec=hosts))
    at = int(batch.payload_offset[0])
    assert bytes(batch.arena[at : at + 8]) == b"question"
    assert batch.captured_length.tolist() == batch.wire_length.tolist() == [len(frame)]


@pytest.mark.parametrize("tunnel", TUNNELS)
def test_without_it_the_outer_packet_counts(tunnel: str) -> None:
    outer = TUNNELS[tunnel](INNER4)
    batch = packet_batch([ethernet(outer)])
    assert batch.ip_version.tolist() == [outer[0] >> 4]
    assert batch.ip_protocol.tolist() == [outer[6] if outer[0] >> 4 == 6 else outer[9]]
    assert 53 not in batch.destination_port.tolist()


@given(
    layers=st.lists(st.sampled_from(sorted(TUNNELS)), max_size=7),
    packet=st.sampled_from([INNER4, INNER6]),
)
def test_tunnels_in_tunnels_are_entered_down_to_the_bound(layers: list[str], packet: bytes) -> None:
    packets = [packet]
    for layer in layers:
        packets.append(TUNNELS[layer](packets[-1]))
    expected = packets[max(0, len(layers) - DEEPEST)]
    frames = [ethernet(packets[-1]), ethernet(packet)]
    batch = packet_batch(frames, decapsulate=True)
    assert columns(batch) == columns(packet_batch([ethernet(expected)]))
    assert columns(batch, 1) == columns(packet_batch([ethernet(packet)]))


NO_TUNNELS = {
    "VXLAN without an identifier": over_udp(VXLAN_PORT)(bytes(8) + ethernet(INNER4)),
    "three bytes to the VXLAN port": over_udp(VXLAN_PORT)(b"abc"),
    "a GENEVE control message": over_udp(GENEVE_PORT)(b"\0\x80\x65\x58" + bytes(4) + b"x" * 30),
    "GENEVE of an unknown version": over_udp(GENEVE_PORT)(b"\x40\0\x65\x58" + bytes(40)),
    "a GTP-U echo": over_udp(GTP_U_PORT)(b"\x32\1\0\4" + bytes(8)),
    "GTP-U with an endless extension": over_udp(GTP_U_PORT)(b"\x34\xff\0\0" + bytes(7) + b"\x85\0"),
    "GTP-U of something else than IP": over_udp(GTP_U_PORT)(gtp_u(bytes(20))),
    "GRE of something unknown": over4(gre(b"payload", 0x1234), GRE),
    "GRE with source routing": over4(b"\x40\0\x08\0" + bytes(4) + INNER4, GRE),
    "a PPTP acknowledgement": over4(b"\x20\x81\x88\x0b\0\0\0\1\0\0\0\1", GRE),
    "a first fragment": ipv4(
        "192.0.2.9", "192.0.2.8", gre(INNER4), protocol=GRE, more_fragments=True
    ),
    "an ICMP error that quotes a tunnel": over4(bytes(8) + TUNNELS["GRE"](INNER4)[:28], ICMP),
}


@pytest.mark.parametrize("name", NO_TUNNELS)
def test_decapsulation_leaves_alone(name: str) -> None:
    frame = ethernet(NO_TUNNELS[name])
    entered = packet_batch([frame], decapsulate=True)
    plain = packet_batch([frame])
    assert columns(entered) == columns(plain)
    assert entered.payload_offset.tolist() == plain.payload_offset.tolist()


def test_an_icmp_error_counts_as_icmp_and_not_as_what_it_quotes() -> None:
    frame = ethernet(over4(bytes(8) + INNER4, ICMP))
    for decapsulate in (False, True):
        batch = packet_batch([frame], decapsulate=decapsulate)
        assert batch.ip_protocol.tolist() == [ICMP]
        assert batch.transport.tolist() == [0]
        assert batch.destination_port.tolist() == [0]


def test_a_malformed_inner_packet_shows_in_the_status() -> None:
    broken = bytes([0x41]) + INNER4[1:]
    frames = [ethernet(TUNNELS["GRE"](broken)), ethernet(over4(b"", IPV4_IN_IP)),
              ethernet(over4(b"\0", GRE))]  # fmt: skip
    batch = packet_batch(frames, decapsulate=True)
    assert batch.status.tolist() == [MALFORMED] * 3


@pytest.mark.parametrize("tunnel", TUNNELS)
def test_a_tunnel_cut_anywhere_is_truncated_and_never_misread(tunnel: str) -> None:
    frame = ethernet(TUNNELS[tunnel](INNER4))
    outer = packet_batch([frame])
    for size in range(len(frame)):
        batch = packet_batch([frame], snap_length=size, decapsulate=True)
        assert batch.status[0] == TRUNCATED
        if batch.transport[0]:
            assert batch.source_port[0] in (4242, outer.source_port[0])
        if batch.payload_offset[0] >= 0:
            assert batch.payload_offset[0] + batch.payload_length[0] <= size


@given(
    layers=st.lists(st.sampled_from(sorted(TUNNELS)), min_size=1, max_size=5),
    changes=st.lists(st.tuples(st.integers(14, 400), st.integers(0, 255)), max_size=4),
    size=st.integers(14, 500),
)
def test_no_bytes_in_a_tunnel_lead_out_of_the_frame(
    layers: list[str], changes: list[tuple[int, int]], size: int
) -> None:
    packet = INNER6
    for layer in layers:
        packet = TUNNELS[layer](packet)
    frame = bytearray(ethernet(packet))
    for place, value in changes:
        frame[place % len(frame)] = value
    neighbour = ethernet(INNER4)
    with both_ways(decoding), both_ways(decoding, "links"), both_ways(decoding, "tunnels"):
        batch = packet_batch([bytes(frame[:size]), neighbour], decapsulate=True)
    at, length = int(batch.payload_offset[0]), int(batch.payload_length[0])
    assert at >= -1
    assert at + length <= min(len(frame), size)
    assert columns(batch, 1) == columns(packet_batch([neighbour]))


def test_directions_are_those_of_the_inner_addresses() -> None:
    frame = ethernet(TUNNELS["VXLAN"](INNER4))
    hosts = "192.0.2.1/32,198.51.100.2/32"
    assert packet_batch([frame], host_spec=hosts).direction.tolist() == [1]
    assert packet_batch([frame], host_spec=hosts, decapsulate=True).direction.tolist() == [2]


def test_the_tag_of_the_innermost_ethernet_header_counts() -> None:
    tagged = ethernet(TUNNELS["VXLAN with a tag inside"](INNER4), vlans=(9,))
    routed = ethernet(TUNNELS["GRE"](INNER4), vlans=(9,))
    batch = packet_batch([tagged, routed], decapsulate=True)
    assert batch.vlan.tolist() == [5, 9]
