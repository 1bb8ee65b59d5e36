"""Taps: named ways to reach a stream."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler

from pktvisor.api.content import DOCUMENT, document
from pktvisor.api.errors import refusals
from pktvisor.api.routes.shapes import Empty, Name, TapInfo
from pktvisor.engine.agent import Agent

__all__ = ["tap_routes"]


def tap_routes(agent: Agent, *, writes: bool) -> list[HTTPRouteHandler]:
    """Those that change something only where writes are allowed."""

    @get("/api/v1/taps", sync_to_thread=True, tags=["taps"])
    def taps() -> dict[str, TapInfo] | None:
        """All taps by name; null when there are none."""
        return agent.tap_info() or None

    @get(
        "/api/v1/taps/{name:str}",
        sync_to_thread=True,
        tags=["taps"],
        responses=refusals(_404="there is no such tap"),
    )
    def tap(name: Name) -> dict[str, TapInfo]:
        """One tap."""
        return agent.tap_info(name)

    @post(
        "/api/v1/taps",
        tags=["taps"],
        opt={DOCUMENT: "taps"},
        responses=refusals(
            _400="the document is refused, with the place in it",
            _401="the token is missing or wrong",
            _409="there is a tap of that name",
            _413="the document is too long",
        ),
    )
    async def create(request: Request[Any, Any, Any]) -> dict[str, TapInfo]:
        """Add the one tap of a document."""
        body = await document(request)
        return await sync_to_thread(agent.create_tap, body)

    @delete(
        "/api/v1/taps/{name:str}",
        status_code=200,
        sync_to_thread=True,
        tags=["taps"],
        responses=refusals(_401="the token is missing or wrong", _404="there is no such tap"),
    )
    def remove(name: Name) -> Empty:
        """Forget a tap; streams that were made from it go on."""
        agent.delete_tap(name)
        return {}

    return [taps, tap, *([create, remove] if writes else [])]
