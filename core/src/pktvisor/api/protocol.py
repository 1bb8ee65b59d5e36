"""HTTP/1.1 connections with deadlines and a cap: uvicorn's protocol has neither.

A connection is in one of three phases. *headers*: from the first moment, or the first byte after an
answer, until the request line and headers are complete. *body*: until the request's last byte.
*quiet*: the request is complete, or uvicorn's keep-alive timer runs. The first two have a deadline
that no trickle of bytes prolongs. Connections in the headers phase owe us something: when there are
more than the cap, the one that has owed longest is closed, so slow clients make no room scarce.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

__all__ = ["BODY_SECONDS", "HEADER_BYTES", "HEADER_SECONDS", "MAX_CONNECTIONS", "TimedProtocol"]

HEADER_SECONDS = 10.0
BODY_SECONDS = 30.0
HEADER_BYTES = 16 * 1024
MAX_CONNECTIONS = 256

_log = logging.getLogger(__name__)

_REASONS = {
    400: "this is not a valid HTTP request",
    408: "the request did not arrive in time",
    431: f"request line and headers are longer than {HEADER_BYTES} bytes",
}


class TimedProtocol(H11Protocol):
    """uvicorn's h11 protocol, with deadlines for headers and bodies and a cap on connections."""

    header_seconds = HEADER_SECONDS
    body_seconds = BODY_SECONDS
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, owing: dict[TimedProtocol, None], **kwargs: Any) -> None:
        """`owing` is shared by the connections of one server: those in the headers phase."""
        super().__init__(*args, **kwargs)
        self._owing = owing
        self._phase = "quiet"
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is here and owes us headers."""
        super().connection_made(transport)
        self._enter("headers")
        if len(self.connections) > self.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._enter("quiet")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; the first ones after an answer start a new deadline."""
        if self._phase == "quiet" and self.conn.their_state is h11.IDLE:
            self._enter("headers")
        super().data_received(data)

    def handle_events(self) -> None:
        """Let uvicorn act on what is complete, then see in which phase that leaves us."""
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._enter("body")
        elif state is not h11.IDLE:
            self._enter("quiet")
        elif self.conn.trailing_data[0]:
            self._enter("headers")
        elif self.cycle is not None:
            self._enter("quiet")

    def send_400_response(self, msg: str) -> None:
        """Answer what h11 refused, with the status it suggests: 431 for headers too long."""
        error = sys.exception()
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._give_up(hint if hint in _REASONS else 400)

    def _enter(self, phase: str) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        self._owing.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if phase == "headers":
            self._owing[self] = None
            self._deadline = self.loop.call_later(self.header_seconds, self._expire)
        elif phase == "body":
            self._deadline = self.loop.call_later(self.body_seconds, self._expire)

    def _make_room(self) -> None:
        oldest = next(iter(self._owing), None)
        if oldest is not None and oldest is not self:
            # Not when the loop tells it that it is lost: until then others come, and would choose it too.
            oldest._enter("quiet")
            oldest.connections.discard(oldest)
            oldest.transport.abort()

    def _expire(self) -> None:
        self._deadline = None
        _log.info("closed a connection from %s: its %s took too long", self.client, self._phase)
        self._give_up(408)

    def _give_up(self, status: int) -> None:
        """Answer if nothing was answered yet, and close."""
        self._enter("quiet")
        # What is on its way out takes nobody's place: many may run out of time at one moment.
        self.connections.discard(self)
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode({"error": _REASONS[status]})
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            response = h11.Response(
                status_code=status, headers=headers, reason=STATUS_PHRASES[status]
            )
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
