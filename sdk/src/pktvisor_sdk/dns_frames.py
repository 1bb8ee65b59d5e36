"""Frames between one DNS client and one server, for tests that need no more than that."""

from __future__ import annotations

from pktvisor_sdk.frames import tcp_frame, udp_frame

__all__ = ["CLIENT", "SERVER", "query_frame", "reply_frame", "tcp_queries", "tcp_start"]

CLIENT, SERVER = "192.0.2.1", "192.0.2.53"


def query_frame(
    message: bytes, *, port: int = 4242, client: str = CLIENT, server: str = SERVER
) -> bytes:
    """The frame of a query over UDP."""
    return udp_frame(client, server, port, 53, message)


def reply_frame(
    message: bytes, *, port: int = 4242, client: str = CLIENT, server: str = SERVER
) -> bytes:
    """The frame of a reply over UDP."""
    return udp_frame(server, client, 53, port, message)


def tcp_queries(*messages: bytes, port: int = 4242, sequence: int = 1) -> bytes:
    """The frame of a TCP segment from the client with whole messages in it."""
    payload = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
    return tcp_frame(CLIENT, SERVER, port, 53, payload, sequence=sequence)


def tcp_start(port: int = 4242) -> bytes:
    """The client's first packet of a TCP connection."""
    return tcp_frame(CLIENT, SERVER, port, 53, sequence=0, flags=2)
