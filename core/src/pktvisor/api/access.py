"""Who may use the API: checks of Host, Origin and token that come before any route.

A browser carries its user's reach: any page it shows may send requests to a daemon on localhost. It
cannot choose the Host (so a rebound name is told apart) and cannot leave out the Origin of a
request that writes; those two are checked here, and writes need a content type (`content.py`) for
which a browser first asks permission, which nobody grants.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

__all__ = ["Access", "Guard", "is_loopback"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_READS = frozenset({"GET", "HEAD"})
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]@/\s]+)(?::\d{1,5})?\Z")


def is_loopback(host: str) -> bool:
    """Whether a listen address reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Access:
    """What is allowed: `writes` opens the routes that change things, `token` is asked of those.

    `hosts` are the names and addresses requests may be addressed to; '*' allows every one. The
    address a connection came in at is always among them.
    """

    writes: bool = False
    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "::1"})

    @classmethod
    def listening(
        cls, addresses: Iterable[str], allowed: Iterable[str], *, writes: bool, token: str | None
    ) -> Access:
        """For a server that listens on `addresses`.

        A loopback one is known by its usual names, one that stands for all addresses by the name of
        the machine.
        """
        hosts = {host.strip("[]").lower() for host in (*addresses, *allowed)}
        everywhere = bool(hosts & {"0.0.0.0", "::"})  # noqa: S104 - compared, not listened on
        if everywhere or any(is_loopback(host) for host in addresses):
            hosts |= {"localhost", "127.0.0.1", "::1"}
        if everywhere:
            hosts.add(socket.gethostname().lower())
        return cls(writes, token, frozenset(hosts))

    def knows(self, authority: str, address: str = "") -> bool:
        """Whether a Host header names this server, reached at a local address."""
        match = _AUTHORITY.match(authority)
        if match is None:
            return False
        host = match[1].strip("[]").lower().rstrip(".")
        return "*" in self.hosts or host in self.hosts or (bool(address) and host == address)

    def refusal(
        self, method: str, headers: dict[bytes, bytes], address: str = ""
    ) -> tuple[int, str] | None:
        """Status and reason if a request is refused before it reaches a route."""
        host = headers.get(b"host", b"").decode("latin-1")
        if not self.knows(host, address):
            return 421, f"Host {host!r} is not an address of this agent; --allow-host adds one"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2] != host:
            return 403, "requests from pages of another origin are refused"
        if method in _READS or self.token is None or not self.writes:
            return None
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given, self.token.encode()):
            return 401, "a bearer token is needed to change anything"
        return None


class Guard:
    """ASGI application around another: refuses by `access`, and answers HEAD as GET without body."""

    def __init__(self, app: App, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        address = scope["server"][0] if scope.get("server") else ""
        refused = self.access.refusal(scope["method"], dict(scope["headers"]), address)
        if refused is not None:
            await _refuse(send, *refused)
        elif scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self.app(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return headers_only


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = msgspec.json.encode({"error": reason})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
