"""Policies: what is made of a tap's stream."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler

from pktvisor.api.content import DOCUMENT, document
from pktvisor.api.errors import BUSY, UNCHANGED, refusals
from pktvisor.api.routes.shapes import Empty, Name, PolicyInfo
from pktvisor.engine.agent import Agent

__all__ = ["policy_routes"]


def policy_routes(agent: Agent, *, writes: bool) -> list[HTTPRouteHandler]:
    """Those that change something only where writes are allowed."""

    @get(
        "/api/v1/policies",
        sync_to_thread=True,
        tags=["policies"],
        responses=refusals(_503=BUSY),
    )
    def policies() -> dict[str, PolicyInfo]:
        """All policies by name, those the agent made itself included."""
        return agent.policy_info()

    @get(
        "/api/v1/policies/{name:str}",
        sync_to_thread=True,
        tags=["policies"],
        responses=refusals(_404="there is no such policy", _503=BUSY),
    )
    def policy(name: Name) -> dict[str, PolicyInfo]:
        """One policy: its taps, input streams and handlers."""
        return agent.policy_info(name)

    @post(
        "/api/v1/policies",
        tags=["policies"],
        opt={DOCUMENT: "policies"},
        responses=refusals(
            _400="the document is refused, with the place in it; nothing was changed",
            _401="the token is missing or wrong",
            _409="there is a policy of that name",
            _413="the document is too long",
            _422="no tap has the tags that are asked for",
            _503=UNCHANGED,
        ),
    )
    async def create(request: Request[Any, Any, Any]) -> dict[str, PolicyInfo]:
        """Add and start the one policy of a document."""
        body = await document(request)
        return await sync_to_thread(agent.create_policy, body)

    @delete(
        "/api/v1/policies/{name:str}",
        status_code=200,
        sync_to_thread=True,
        tags=["policies"],
        responses=refusals(
            _401="the token is missing or wrong",
            _404="there is no such policy",
            _503=UNCHANGED,
        ),
    )
    def remove(name: Name) -> Empty:
        """Stop a policy, and the input streams nothing else uses."""
        agent.delete_policy(name)
        return {}

    return [policies, policy, *([create, remove] if writes else [])]
