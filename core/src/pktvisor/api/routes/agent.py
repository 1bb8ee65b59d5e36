"""The agent as a whole: its health, its plugins, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from typing_extensions import TypedDict

from pktvisor.api.content import JsonResponse
from pktvisor.api.errors import refusals
from pktvisor.engine.agent import Agent
from pktvisor.engine.sinks import SinkStatus
from pktvisor.plugins import PluginRecord

__all__ = ["agent_routes"]


class Health(TypedDict):
    """`alive` is true; `ready` that every input runs; the rest how inputs, handlers, sinks do."""

    alive: bool
    ready: bool
    inputs: dict[str, Any]
    sinks: dict[str, SinkStatus]


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
    def plugins() -> list[PluginRecord]:
        """All plugins that were found, broken ones with the reason."""
        return agent.plugins.records

    @get("/api/v1/sinks", sync_to_thread=False, tags=["agent"])
    def sinks() -> dict[str, SinkStatus]:
        """All sinks by name: what each has written, and what it lost."""
        return {status.name: status for status in agent.sinks()}

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
