"""Deadlines and caps of real connections, with seconds made short."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pktvisor.api.protocol import HEADER_BYTES, TimedProtocol
from pktvisor.api.server import ApiServer, bind

SHORT = 0.3
BODY = b'{"read": true}'


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, then answers."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    headers = [(b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


@contextlib.contextmanager
def serving(app: Any = echo, sockets: list[socket.socket] | None = None) -> Iterator[int]:
    sockets = sockets or bind("127.0.0.1", 0)
    ready = threading.Event()
    server = ApiServer(app, sockets, on_ready=ready.set)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert ready.wait(10)
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()
        thread.join(10)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(TimedProtocol, "header_seconds", SHORT)
    monkeypatch.setattr(TimedProtocol, "body_seconds", SHORT)
    with serving() as port:
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def answer(connection: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def one_answer(connection: socket.socket) -> bytes:
    """The bytes of one answer whose body is BODY."""
    data = b""
    while not data.endswith(BODY):
        part = connection.recv(65536)
        assert part, data
        data += part
    return data


def test_a_client_that_says_nothing_is_cut(port: int) -> None:
    with connect(port) as client:
        assert answer(client).startswith(b"HTTP/1.1 408 ")


def test_a_trickle_of_headers_does_not_prolong_the_deadline(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        client.settimeout(SHORT / 10)
        data = b""
        for n in range(100):  # far longer than the deadline if each byte prolonged it
            with contextlib.suppress(TimeoutError):
                data += client.recv(65536)
                break
            with contextlib.suppress(OSError):
                client.sendall(b"X-%d: y\r\n" % n)
        assert data.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_never_ends_is_cut(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        assert answer(client).startswith(b"HTTP/1.1 408 ")


def test_a_second_request_has_a_deadline_too(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        one_answer(client)
        client.sendall(b"GET / HT")
        assert answer(client).startswith(b"HTTP/1.1 408 ")


def test_a_kept_connection_outlives_the_header_deadline(port: int) -> None:
    with connect(port) as client:
        for _ in range(2):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one_answer(client).startswith(b"HTTP/1.1 200 ")
            client.settimeout(SHORT * 2)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(10)


def test_a_body_in_time_is_answered(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab")
        client.sendall(b"c")
        assert one_answer(client).startswith(b"HTTP/1.1 200 ")


def test_headers_that_are_too_long_are_refused_by_name(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * HEADER_BYTES)
        assert answer(client).startswith(b"HTTP/1.1 431 ")


def test_what_is_not_http_is_a_bad_request(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        assert answer(client).startswith(b"HTTP/1.1 400 ")


def test_slow_clients_make_no_room_scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the cap, the client that owes its headers longest is closed, not the new one."""
    monkeypatch.setattr(TimedProtocol, "max_connections", 5)
    with serving() as port, contextlib.ExitStack() as clients:
        slow = [clients.enter_context(connect(port)) for _ in range(200)]
        for client in slow:
            with contextlib.suppress(OSError):
                client.sendall(b"GET / HTTP/1.1\r\n")
        good = clients.enter_context(connect(port))
        good.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert one_answer(good).startswith(b"HTTP/1.1 200 ")
        assert answer(slow[0]) == b""


def test_of_many_that_come_at_one_moment_no_more_stay_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TimedProtocol, "max_connections", 5)
    sockets = bind("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    with contextlib.ExitStack() as clients:
        slow = [clients.enter_context(connect(port)) for _ in range(100)]
        with serving(sockets=sockets):  # accepts all of them in one go
            good = clients.enter_context(connect(port))
            good.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one_answer(good).startswith(b"HTTP/1.1 200 ")
            for client in slow[:95]:
                assert answer(client) == b""


def test_a_taken_port_is_named() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken[0].getsockname()[1]
    with pytest.raises(OSError, match=f"unable to bind to 127.0.0.1:{port}: Address already"):
        bind("127.0.0.1", port)
    for listener in taken:
        listener.close()


def test_a_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(OSError, match=r"unable to bind to no\.such\.invalid:1: "):
        bind("no.such.invalid", 1)
