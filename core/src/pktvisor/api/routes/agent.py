"""The agent as a whole: its health, its plugins, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from litestar import Response, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from typing_extensions import TypedDict

from pktvisor.api.content import JsonResponse
from pktvisor.api.errors import refusals
from pktvisor.engine.agent import Agent
from pktvisor.engine.agent_info import sink_json

__all__ = ["agent_routes"]


class SinkInfo(TypedDict):
    """How a sink fares: `offered` are `written`, `errors`, `dropped`, `waiting`, or being written."""

    type: str
    offered: int
    written: int
    errors: int
    dropped: int
    waiting: int
    last_error: str


class Health(TypedDict):
    """`alive` is true; `ready` that every input runs; the rest how inputs, handlers, sinks do."""

    alive: bool
    ready: bool
    inputs: dict[str, Any]
    sinks: dict[str, SinkInfo]


class PluginInfo(TypedDict):
    """A plugin, where it came from, what became of it, and what it offers."""

    name: str
    distribution: str
    version: str
    state: str
    reason: str
    provides: list[str]


def agent_routes(agent: Agent, stop: Callable[[], None] | None) -> list[HTTPRouteHandler]:
    """`stop` ends the agent; without it there is no route that does."""

    # In the event loop: it waits for nobody, and threads may all be waiting for a slow handler.
    @get(
        "/health",
        sync_to_thread=False,
        tags=["agent"],
        responses={503: ResponseSpec(Health, generate_examples=False, description="not ready")},
    )
    def health() -> Response[Health]:
        """Whether the agent works, and the state of each input and handler."""
        found: Health = agent.health()  # type: ignore[assignment]
        return JsonResponse(found, status_code=200 if found["ready"] else 503)

    @get("/api/v1/plugins", sync_to_thread=False, tags=["agent"])
    def plugins() -> list[PluginInfo]:
        """All plugins that were found, broken ones with the reason."""
        return [cast("PluginInfo", asdict(record)) for record in agent.plugins.records]

    @get("/api/v1/sinks", sync_to_thread=False, tags=["agent"])
    def sinks() -> dict[str, SinkInfo]:
        """All sinks by name: what each has written, and what it lost."""
        return {s.name: cast("SinkInfo", sink_json(s)) for s in agent.sinks()}

    if stop is None:
        return [health, plugins, sinks]

    @delete(
        "/api/v1/server",
        status_code=200,
        sync_to_thread=False,
        tags=["agent"],
        responses=refusals(_401="the token is missing or wrong"),
    )
    def end() -> Response[bytes]:
        """Stop the agent: drain, close the last period, and leave."""
        stop()
        return Response(b"", media_type="text/plain")

    return [health, plugins, sinks, end]
