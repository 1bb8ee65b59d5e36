"""The HTTP server: binds first, answers in the event loop of the main thread, stops when told."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import uvicorn

from pktvisor.api.protocol import HEADER_BYTES, HEADER_SECONDS, MAX_CONNECTIONS, TimedProtocol

__all__ = ["ApiServer", "bind", "tls_context"]

_GRACE_SECONDS = 1
_BACKLOG = 1024

_log = logging.getLogger(__name__)


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for a name or address, one per address it has.

    Raises OSError naming host and port: taken, not ours, or not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise OSError(f"unable to bind to {host}:{port}: {error.strerror}") from None
    sockets: list[socket.socket] = []
    problem: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            # A free port chosen for the first address (port 0) holds for the others too.
            wanted = (address[0], sockets[0].getsockname()[1]) if sockets else address[:2]
            sockets.append(_listen(family, kind, protocol, wanted))
        except OSError as error:
            # A name may have an address this machine has switched off; one that works is enough.
            if sockets and error.errno != 98:
                continue
            problem = problem or error
    if problem is not None and (not sockets or problem.errno == 98):
        for opened in sockets:
            opened.close()
        raise OSError(f"unable to bind to {host}:{port}: {problem.strerror}") from None
    return sockets


def _listen(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 or newer with a certificate chain and its key (PEM). ValueError says what is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for name in (certificate, key):
        if not Path(name).is_file():
            raise ValueError(f"TLS: there is no file {name}")
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"TLS: {certificate} and {key} do not work: {error}") from None
    return context


class ApiServer(uvicorn.Server):
    """Serves an ASGI application until `stop` is called or a signal of `on_signal` says so."""

    def __init__(
        self,
        app: Any,
        sockets: list[socket.socket],
        *,
        tls: ssl.SSLContext | None = None,
        on_signal: Mapping[signal.Signals, Callable[[], None]] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=TimedProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                h11_max_incomplete_event_size=HEADER_BYTES,
                limit_concurrency=MAX_CONNECTIONS + 1,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._sockets = sockets
        self._tls = tls
        self._on_signal = on_signal or {}
        self._on_ready = on_ready

    def serve_forever(self) -> None:
        """Answer requests in this thread until stopped."""
        self.run(self._sockets)

    def stop(self) -> None:
        """Take no more connections, let answers under way finish, and return from serving."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections; TLS handshakes have the deadline that headers have."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        for number, action in self._on_signal.items():
            loop.add_signal_handler(number, action)
        make = functools.partial(
            TimedProtocol, self.config, self.server_state, self.lifespan.state, owing={}
        )
        self.servers = [
            await loop.create_server(
                make,
                sock=listener,
                ssl=self._tls,
                ssl_handshake_timeout=HEADER_SECONDS if self._tls else None,
                ssl_shutdown_timeout=_GRACE_SECONDS if self._tls else None,
            )
            for listener in sockets or ()
        ]
        self.started = True
        if self._on_ready is not None:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the daemon says what they do."""
        yield
