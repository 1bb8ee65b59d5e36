"""Metrics as Prometheus' text: of the policy `default` with the agent's own, and of each policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from pktvisor.api.answers import exposed, policy_snapshots
from pktvisor.api.content import PROMETHEUS_TEXT
from pktvisor.api.errors import BUSY, refusals
from pktvisor.api.routes.shapes import AnyPolicy
from pktvisor.api.shared import SharedAnswers
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy
from pktvisor.exposition.prometheus import prometheus_text
from pktvisor.policies.errors import NotFound
from pktvisor.policies.values import DEFAULT_POLICY

__all__ = ["prometheus_routes"]

_NO_POLICY = ResponseSpec(
    str, media_type=MediaType.TEXT, generate_examples=False, description="there is no such policy"
)


def prometheus_routes(
    agent: Agent, static: Mapping[str, str], own_text: Callable[[], str]
) -> list[HTTPRouteHandler]:
    """`static` labels are on every line; `own_text` is what the agent says of itself."""

    def default_text(name: str) -> str:
        try:
            found = [agent.snapshot(name)]
        except (NotFound, Busy):
            found = []
        return prometheus_text(exposed(found, static, handlers=False)) + own_text()

    def policy_text(name: str) -> str:
        return prometheus_text(exposed(policy_snapshots(agent, name), static, handlers=True))

    default_texts, policy_texts = SharedAnswers(default_text), SharedAnswers(policy_text)

    @get("/metrics", media_type=PROMETHEUS_TEXT, tags=["prometheus"])
    async def prometheus() -> Response[str]:
        """Prometheus text of the policy `default`, if there is one, and of the agent itself.

        The agent's own part is there even while handlers are too busy to tell theirs.
        """
        return Response(await default_texts.get(DEFAULT_POLICY), media_type=PROMETHEUS_TEXT)

    @get(
        "/api/v1/policies/{name:str}/metrics/prometheus",
        media_type=PROMETHEUS_TEXT,
        tags=["prometheus"],
        responses={404: _NO_POLICY, **refusals(_503=BUSY)},
    )
    async def policy_prometheus(name: AnyPolicy) -> Response[str]:
        """Prometheus text of a policy."""
        try:
            text = await policy_texts.get(name)
        except NotFound as error:
            return Response(str(error.args[0]), status_code=404, media_type="text/plain")
        return Response(text, media_type=PROMETHEUS_TEXT)

    return [prometheus, policy_prometheus]
