"""The API as an ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Litestar

from pktvisor.api.access import Access, Guard
from pktvisor.api.content import MAX_BODY_BYTES, JsonResponse
from pktvisor.api.errors import HANDLERS
from pktvisor.api.openapi import CONFIG, description_routes
from pktvisor.api.routes.agent import agent_routes
from pktvisor.api.routes.metrics import metric_routes
from pktvisor.api.routes.policies import policy_routes
from pktvisor.api.routes.prometheus import prometheus_routes
from pktvisor.api.routes.runtime import runtime_routes
from pktvisor.api.routes.taps import tap_routes
from pktvisor.api.routes.types import type_routes
from pktvisor.api.telemetry import Push, agent_text
from pktvisor.engine.agent import Agent

__all__ = ["create_app", "guarded"]


def create_app(
    agent: Agent,
    *,
    writes: bool = False,
    stop: Callable[[], None] | None = None,
    static_labels: Mapping[str, str] | None = None,
    push: Push | None = None,
) -> Litestar:
    """All routes over an agent; those that change something only with `writes`.

    `stop` is what DELETE of the server calls. `static_labels` are on every Prometheus line. `push`
    is what pushes metrics elsewhere, if something does: how it went is told with them.
    """
    labels = dict(static_labels or {})
    return Litestar(
        route_handlers=[
            *metric_routes(agent),
            *prometheus_routes(
                agent, labels, lambda: agent_text(agent.streams(), agent.sinks(), labels, push)
            ),
            *tap_routes(agent, writes=writes),
            *policy_routes(agent, writes=writes),
            *type_routes(agent.plugins),
            *runtime_routes(agent, writes=writes),
            *agent_routes(agent, stop if writes else None),
            *description_routes(),
        ],
        exception_handlers=HANDLERS,
        openapi_config=CONFIG,
        request_max_body_size=MAX_BODY_BYTES,
        response_class=JsonResponse,
        logging_config=None,
        debug=False,
    )


def guarded(app: Any, access: Access) -> Guard:
    """The application behind its access checks: what a server runs."""
    return Guard(app, access)
