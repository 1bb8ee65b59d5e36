"""Every link a capture may have leads to the same packet."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.batches import decoding
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import ethernet, ipv4, ipv6, udp
from pktvisor_sdk.kernels import both_ways
from pktvisor_sdk.tunnels import MPLS, PPPOE, cooked, cooked2, loopback, mpls, ppp, pppoe

OK, MALFORMED, TRUNCATED, UNSUPPORTED = 0, 1, 2, 3
V4 = ipv4("192.0.2.1", "192.0.2.2", udp(4242, 53, b"question"))
V6 = ipv6("2001:db8::1", "2001:db8::2", udp(4242, 53, b"question"))


def pktap(frame: bytes, link_type: int) -> bytes:
    return struct.pack("<III", 108, 1, link_type) + bytes(96) + frame


LINKS = {
    "Ethernet": (1, ethernet),
    "802.1Q": (1, lambda packet: ethernet(packet, vlans=(7,))),
    "QinQ": (1, lambda packet: ethernet(packet, vlans=(7, 9))),
    "SNAP": (1, lambda p: bytes(12) + b"\0\x30\xaa\xaa\3\0\0\0" + ethernet(p)[12:14] + p),
    "raw IP": (101, bytes),
    "old raw IP": (12, bytes),
    "older raw IP": (14, bytes),
    "loopback": (0, loopback),
    "FreeBSD loopback": (0, lambda p: loopback(p, 28 if p[0] >> 4 == 6 else 2)),
    "loopback in network order": (108, lambda packet: loopback(packet, big=True)),
    "loopback with an EtherType": (0, lambda p: b"\x0f\0" + ethernet(p)[12:14] + p),
    "Linux cooked": (113, cooked),
    "Linux cooked with a tag": (113, lambda p: cooked(b"\0\7" + ethernet(p)[12:14] + p, 0x8100)),
    "Linux cooked 2": (276, cooked2),
    "PPP": (9, ppp),
    "PPP with address and control": (9, lambda packet: b"\xff\x03" + ppp(packet)),
    "PPP with a short protocol": (9, lambda packet: ppp(packet)[1:]),
    "PPP in HDLC": (50, lambda packet: b"\xff\x03" + ppp(packet)),
    "Cisco HDLC": (50, lambda p: b"\x0f\0" + ethernet(p)[12:14] + p),
    "Cisco HDLC by its own number": (104, lambda p: b"\x8f\0" + ethernet(p)[12:14] + p),
    "PPP with a direction": (204, lambda packet: b"\1\xff\x03" + ppp(packet)),
    "PPPoE payload": (51, pppoe),
    "PPPoE": (1, lambda packet: ethernet(pppoe(packet), PPPOE)),
    "PPPoE in a VLAN": (1, lambda packet: ethernet(pppoe(packet), PPPOE, vlans=(7,))),
    "MPLS": (219, mpls),
    "three labels": (1, lambda packet: ethernet(mpls(packet, (1, 2, 3)), MPLS)),
    "MPLS multicast": (1, lambda packet: ethernet(mpls(packet), 0x8848)),
    "MPLS over PPP": (9, lambda packet: b"\x02\x81" + mpls(packet)),
    "pseudowire": (1, lambda packet: ethernet(mpls(bytes(4) + ethernet(packet)), MPLS)),
    "frame relay": (107, lambda p: b"\x18\x41\3" + (b"\x8e" if p[0] >> 4 == 6 else b"\xcc") + p),
    "frame relay of Cisco": (107, lambda p: b"\x18\x41" + ethernet(p)[12:14] + p),
    "ATM": (100, lambda p: b"\xaa\xaa\3\0\0\0" + ethernet(p)[12:14] + p),
    "PKTAP of Ethernet": (258, lambda packet: pktap(ethernet(packet), 1)),
    "PKTAP of PPP": (258, lambda packet: pktap(ppp(packet), 9)),
}


@pytest.mark.parametrize("packet", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("link", LINKS)
def test_a_packet_is_found_behind(link: str, packet: bytes) -> None:
    link_type, wrap = LINKS[link]
    batch = packet_batch([wrap(packet)], link_type=link_type)
    plain = packet_batch([packet], link_type=101)
    for name in ("status", "ip_version", "ip_protocol", "transport", "source_lo", "source_hi",
                 "destination_lo", "destination_port", "payload_length"):  # fmt: skip
        assert batch.column(name).tolist() == plain.column(name).tolist(), name
    at = int(batch.payload_offset[0])
    assert bytes(batch.arena[at : at + 8]) == b"question"


@pytest.mark.parametrize(("link_type", "version"), [(228, 4), (229, 6)])
def test_link_types_of_one_ip_version_hold_that_version(link_type: int, version: int) -> None:
    batch = packet_batch([V4, V6], link_type=link_type)
    assert batch.ip_version[0 if version == 4 else 1] == version
    assert batch.status.tolist() == ([OK, MALFORMED] if version == 4 else [MALFORMED, OK])


@pytest.mark.parametrize("link", LINKS)
def test_a_link_cut_anywhere_is_truncated_and_never_misread(link: str) -> None:
    link_type, wrap = LINKS[link]
    frame = wrap(V4)
    whole = packet_batch([frame], link_type=link_type)
    for size in range(len(frame)):
        batch = packet_batch([frame], link_type=link_type, snap_length=size)
        assert batch.status[0] in (OK, TRUNCATED)
        assert batch.ip_version[0] in (0, 4)
        if batch.payload_offset[0] >= 0:
            assert batch.payload_offset[0] <= size
            assert batch.payload_offset[0] + batch.payload_length[0] <= size
        if batch.transport[0]:
            assert batch.source_port[0] == whole.source_port[0]


@pytest.mark.parametrize("link", ["PPP", "PPPoE", "MPLS", "frame relay", "ATM", "Cisco HDLC"])
def test_a_link_too_short_for_its_header_is_malformed_when_nothing_was_cut(link: str) -> None:
    link_type, wrap = LINKS[link]
    start = len(wrap(V4)) - len(V4)
    batch = packet_batch([wrap(V4)[: start - 1]], link_type=link_type)
    assert batch.status.tolist() == [MALFORMED]
    assert batch.ip_version.tolist() == [0]


def test_vlan_identifiers_stay_known_behind_pppoe_and_mpls() -> None:
    frames = [
        ethernet(pppoe(V4), PPPOE, vlans=(7, 9)),
        ethernet(mpls(V4), MPLS, vlans=(11,)),
        ethernet(V4),
    ]
    batch = packet_batch(frames)
    assert batch.vlan.tolist() == [7, 11, 0]
    assert batch.inner_vlan.tolist() == [9, 0, 0]


def test_rows_of_rare_links_do_not_change_their_neighbours() -> None:
    frames = [ethernet(V4), ethernet(mpls(V6), MPLS), ethernet(V6), ethernet(pppoe(V4), PPPOE)]
    together = packet_batch(frames * 3)
    assert together.ip_version.tolist() == [4, 6, 6, 4] * 3
    assert together.flow_hash[0] == together.flow_hash[3]
    assert together.flow_hash[1] == together.flow_hash[2]


def test_what_is_no_ip_is_ok_and_has_no_version() -> None:
    lcp = b"\xc0\x21" + b"\1\1\0\4"
    batch = packet_batch([ethernet(b"\x11\0\0\1\0\6" + lcp, PPPOE), ethernet(bytes(28), 0x0806)])
    assert batch.status.tolist() == [OK, OK]
    assert batch.ip_version.tolist() == [0, 0]
    assert batch.payload_offset.tolist() == [-1, -1]
    assert batch.payload_length.tolist() == [0, 0]


def test_a_link_type_nobody_knows_is_unsupported() -> None:
    batch = packet_batch([V4], link_type=147)
    assert batch.status.tolist() == [UNSUPPORTED]
    assert batch.payload_offset.tolist() == [-1]


def test_links_inside_each_other_end_somewhere() -> None:
    frame = V4
    for _ in range(20):
        frame = ethernet(mpls(bytes(4) + frame if frame is not V4 else frame), MPLS)
    batch = packet_batch([frame])
    assert batch.status.tolist() == [UNSUPPORTED]
    assert batch.payload_length.tolist() == [0]


@given(
    link_type=st.sampled_from([0, 1, 9, 50, 51, 100, 104, 107, 113, 204, 219, 258, 276]),
    frames=st.lists(st.binary(max_size=60), min_size=1, max_size=8),
    ethertype=st.sampled_from([b"", b"\x88\x47", b"\x88\x64", b"\x08\x00", b"\x81\x00"]),
)
def test_no_bytes_lead_out_of_the_frame(
    link_type: int, frames: list[bytes], ethertype: bytes
) -> None:
    frames = [bytes(12) + ethertype + frame if ethertype else frame for frame in frames]
    with both_ways(decoding), both_ways(decoding, "links"), both_ways(decoding, "tunnels"):
        batch = packet_batch(frames, link_type=link_type, decapsulate=True)
    end = batch.frame_offset + batch.captured_length
    found = batch.payload_offset >= 0
    assert (batch.payload_offset >= batch.frame_offset)[found].all()
    assert (batch.payload_offset + batch.payload_length <= end)[found].all()
    assert (batch.payload_length >= 0).all()
    assert (batch.status <= UNSUPPORTED).all()
