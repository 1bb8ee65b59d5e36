"""Build frames byte by byte, checksums left at zero: what decoders are tested with.

Each function takes the payload it carries and returns bytes, so layers nest:

    ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(53, 4242, b"…"), protocol=UDP))
"""

from __future__ import annotations

import ipaddress
import struct

__all__ = [
    "GRE",
    "ICMP",
    "ICMPV6",
    "IPV4_IN_IP",
    "IPV6_IN_IP",
    "TCP",
    "UDP",
    "ethernet",
    "ipv4",
    "ipv6",
    "ipv6_extension",
    "ipv6_fragment",
    "tcp",
    "tcp_frame",
    "udp",
    "udp_frame",
]

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
IPV4_IN_IP, IPV6_IN_IP, GRE = 4, 41, 47


def ethernet(payload: bytes, ethertype: int | None = None, vlans: tuple[int, ...] = ()) -> bytes:
    """An Ethernet II frame; the type follows the payload's IP version unless it is given.

    `vlans` are 802.1Q tags, outermost first; with two the outer one is 802.1ad.
    """
    if ethertype is None:
        ethertype = _ethertype(payload)
    tags = b""
    for place, vlan in enumerate(vlans):
        tags += struct.pack("!HH", 0x88A8 if place == 0 and len(vlans) > 1 else 0x8100, vlan)
    return bytes(6) + b"\x02" + bytes(5) + tags + struct.pack("!H", ethertype) + payload


def ipv4(
    source: str,
    destination: str,
    payload: bytes,
    *,
    protocol: int = UDP,
    options: bytes = b"",
    fragment_offset: int = 0,
    more_fragments: bool = False,
    identifier: int = 0,
) -> bytes:
    """An IPv4 packet; `fragment_offset` is in bytes, `options` a multiple of four bytes."""
    header = struct.pack(
        "!BBHHHBBH",
        0x45 + len(options) // 4,
        0,
        20 + len(options) + len(payload),
        identifier,
        fragment_offset // 8 | (0x2000 if more_fragments else 0),
        64,
        protocol,
        0,
    )
    ends = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address(destination).packed
    return header + ends + options + payload


def ipv6(source: str, destination: str, payload: bytes, *, next_header: int = UDP) -> bytes:
    """An IPv6 packet; extension headers are part of `payload`."""
    header = struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64)
    ends = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
    return header + ends + payload


def ipv6_fragment(
    payload: bytes,
    *,
    identifier: int,
    fragment_offset: int = 0,
    more_fragments: bool = False,
    next_header: int = UDP,
) -> bytes:
    """A fragment header (next header 44) before its piece; `fragment_offset` is in bytes."""
    place = fragment_offset & 0xFFF8 | more_fragments
    return struct.pack("!BBHI", next_header, 0, place, identifier) + payload


def ipv6_extension(payload: bytes, *, next_header: int = UDP, size: int = 8) -> bytes:
    """An extension header of `size` bytes, a multiple of eight; its kind is in the header before.

    Hop-by-hop is 0, routing 43, destination options 60. `next_header` says what `payload` is.
    """
    return bytes([next_header, size // 8 - 1]) + bytes(size - 2) + payload


def _ethertype(payload: bytes) -> int:
    return 0x86DD if payload[:1] and payload[0] >> 4 == 6 else 0x0800


def udp(source_port: int, destination_port: int, payload: bytes = b"") -> bytes:
    """A UDP datagram."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(
    source_port: int,
    destination_port: int,
    payload: bytes = b"",
    *,
    sequence: int = 0,
    acknowledgement: int = 0,
    flags: int = 0x10,
    options: bytes = b"",
) -> bytes:
    """A TCP segment; `flags` has FIN in bit 0, SYN 1, RST 2, PSH 3, ACK 4."""
    return (
        struct.pack(
            "!HHIIBBHHH",
            source_port,
            destination_port,
            sequence & 0xFFFFFFFF,
            acknowledgement & 0xFFFFFFFF,
            (5 + len(options) // 4) << 4,
            flags,
            65535,
            0,
            0,
        )
        + options
        + payload
    )


def _network(source: str, destination: str, payload: bytes, protocol: int) -> bytes:
    if ":" in source:
        return ipv6(source, destination, payload, next_header=protocol)
    return ipv4(source, destination, payload, protocol=protocol)


def udp_frame(
    source: str, destination: str, source_port: int, destination_port: int, payload: bytes = b""
) -> bytes:
    """An Ethernet frame with a UDP datagram between two addresses of one IP version."""
    return ethernet(_network(source, destination, udp(source_port, destination_port, payload), UDP))


def tcp_frame(
    source: str,
    destination: str,
    source_port: int,
    destination_port: int,
    payload: bytes = b"",
    *,
    sequence: int = 0,
    flags: int = 0x10,
) -> bytes:
    """An Ethernet frame with a TCP segment between two addresses of one IP version."""
    segment = tcp(source_port, destination_port, payload, sequence=sequence, flags=flags)
    return ethernet(_network(source, destination, segment, TCP))
