"""Build links and tunnels around packets, to go with `frames`: each function returns bytes.

ethernet(ipv4("192.0.2.1", "192.0.2.2", udp(5000, VXLAN_PORT, vxlan(inner_frame, 7))))
"""

from __future__ import annotations

import struct

__all__ = [
    "GENEVE_PORT",
    "GTP_U_PORT",
    "MPLS",
    "PPPOE",
    "VXLAN_PORT",
    "cooked",
    "cooked2",
    "geneve",
    "gre",
    "gtp_u",
    "loopback",
    "mpls",
    "ppp",
    "pppoe",
    "vxlan",
]

GTP_U_PORT, VXLAN_PORT, GENEVE_PORT = 2152, 4789, 6081
MPLS, PPPOE = 0x8847, 0x8864
_TRANSPARENT_ETHERNET = 0x6558


def _ethertype(packet: bytes) -> int:
    return 0x86DD if packet[:1] and packet[0] >> 4 == 6 else 0x0800


def ppp(packet: bytes) -> bytes:
    """A PPP frame without address and control (RFC 1661)."""
    return struct.pack("!H", 0x0057 if _ethertype(packet) == 0x86DD else 0x0021) + packet


def pppoe(packet: bytes, session: int = 1) -> bytes:
    """A PPPoE session payload, for an Ethernet frame of type `PPPOE` (RFC 2516)."""
    frame = ppp(packet)
    return struct.pack("!BBHH", 0x11, 0, session, len(frame)) + frame


def mpls(payload: bytes, labels: tuple[int, ...] = (16,)) -> bytes:
    """A label stack, outermost first, for an Ethernet frame of type `MPLS` (RFC 3032)."""
    stack = b""
    for place, label in enumerate(labels):
        bottom = place == len(labels) - 1
        stack += struct.pack("!I", label << 12 | bottom << 8 | 64)
    return stack + payload


def cooked(packet: bytes, ethertype: int | None = None) -> bytes:
    """A frame of link type 113, Linux cooked capture."""
    kind = _ethertype(packet) if ethertype is None else ethertype
    return struct.pack("!HHH8sH", 0, 1, 6, bytes(8), kind) + packet


def cooked2(packet: bytes, ethertype: int | None = None) -> bytes:
    """A frame of link type 276, Linux cooked capture v2."""
    kind = _ethertype(packet) if ethertype is None else ethertype
    return struct.pack("!HHIHBB8s", kind, 0, 1, 1, 0, 6, bytes(8)) + packet


def loopback(packet: bytes, family: int | None = None, *, big: bool = False) -> bytes:
    """A frame of link type 0 (108 if `big`), BSD loopback; the family follows the IP version."""
    if family is None:
        family = 30 if _ethertype(packet) == 0x86DD else 2
    return struct.pack("!I" if big else "<I", family) + packet


def gre(
    payload: bytes,
    carried: int | None = None,
    *,
    key: int | None = None,
    sequence: int | None = None,
    checksum: bool = False,
) -> bytes:
    """A GRE packet (RFC 2784, 2890); `carried` is the EtherType of the payload."""
    flags = checksum << 15 | (key is not None) << 13 | (sequence is not None) << 12
    header = struct.pack("!HH", flags, _ethertype(payload) if carried is None else carried)
    if checksum:
        header += bytes(4)
    for number in (key, sequence):
        if number is not None:
            header += struct.pack("!I", number)
    return header + payload


def vxlan(frame: bytes, network: int = 1) -> bytes:
    """A VXLAN payload around an Ethernet frame (RFC 7348)."""
    return struct.pack("!II", 0x08000000, network << 8) + frame


def geneve(payload: bytes, carried: int = _TRANSPARENT_ETHERNET, options: bytes = b"") -> bytes:
    """A GENEVE payload (RFC 8926); `options` a multiple of four bytes."""
    return struct.pack("!BBHI", len(options) // 4, 0, carried, 1 << 8) + options + payload


def gtp_u(
    packet: bytes, *, sequence: int | None = None, extensions: tuple[bytes, ...] = ()
) -> bytes:
    """A G-PDU (3GPP TS 29.281); each extension is the content of one header, 4n + 2 bytes."""
    optional = b""
    if sequence is not None or extensions:
        optional = struct.pack("!HBB", sequence or 0, 0, 0x85 if extensions else 0)
    for place, content in enumerate(extensions):
        following = 0x85 if place < len(extensions) - 1 else 0
        optional += bytes([(len(content) + 2) // 4]) + content + bytes([following])
    flags = 0x30 | (4 if extensions else 0) | (2 if sequence is not None else 0)
    length = len(optional) + len(packet)
    return struct.pack("!BBHI", flags, 255, length & 0xFFFF, 1) + optional + packet
