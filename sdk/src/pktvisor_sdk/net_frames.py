"""Frames to, from and past one host, for tests that need no more than that."""

from __future__ import annotations

from pktvisor_sdk.frames import tcp_frame, udp_frame

__all__ = ["HOST", "HOST6", "IN", "OTHER", "OUT", "PEER", "PEER6", "UNKNOWN", "tcp_start"]

HOST, PEER, OTHER = "192.0.2.1", "198.51.100.7", "203.0.113.9"
HOST6, PEER6 = "2001:db8::1", "2001:db8:ffff::7"
IN, OUT = udp_frame(PEER, HOST, 53, 4242, b"x"), udp_frame(HOST, PEER, 4242, 53, b"x")
UNKNOWN = udp_frame(PEER, OTHER, 53, 4242, b"x")


def tcp_start(source: str, destination: str) -> bytes:
    """The first packet of a TCP connection."""
    return tcp_frame(source, destination, 4242, 80, sequence=0, flags=2)
