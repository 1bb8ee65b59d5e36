"""Metrics: of the policy `default` by the routes of old, of every policy by its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from pktvisor import __version__
from pktvisor.api.answers import (
    Choose,
    PeriodError,
    by_handler,
    by_schema,
    exposed,
    period_bucket,
    window_bucket,
)
from pktvisor.api.content import PROMETHEUS_TEXT
from pktvisor.api.errors import BUSY, ApiError, refusals
from pktvisor.api.routes.shapes import AppBody, Handlers, RatesBody, Schemas
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy
from pktvisor.exposition.prometheus import prometheus_text
from pktvisor.policies.errors import NotFound
from pktvisor.snapshot import Snapshot

__all__ = ["metric_routes"]

DEFAULT = "default"
EVERY_POLICY = "__all"

Period = Annotated[int, PathParameter(description="0 is the live period, 1 the last finished one")]
Count = Annotated[int, PathParameter(description="how many of the newest periods, from 2")]
Name = Annotated[str, PathParameter(description="a policy, or __all for every one")]


def metric_routes(
    agent: Agent, static: Mapping[str, str], own_text: Callable[[], str]
) -> list[HTTPRouteHandler]:
    """`static` labels are on every Prometheus line; `own_text` is what the agent says of itself."""
    began = time.monotonic()

    @get("/api/v1/metrics/app", sync_to_thread=False, tags=["agent"])
    def app_info() -> AppBody:
        """Version of the agent and minutes it is up."""
        return {"app": {"version": __version__, "up_time_min": (time.monotonic() - began) / 60}}

    @get("/api/v1/metrics/rates", sync_to_thread=False, deprecated=True, tags=["metrics"])
    def rates() -> RatesBody:
        """Nothing: the live rates are in bucket 0."""
        return {
            "packets": {"in": 0, "out": 0},
            "warning": "deprecated: use the live values of /api/v1/metrics/bucket/0",
        }

    @get(
        "/api/v1/metrics/bucket/{period:int}",
        sync_to_thread=True,
        tags=["metrics"],
        responses=refusals(
            _400="there is never such a period",
            _404="no policy is called default",
            _425="the period is not there yet",
            _503=BUSY,
        ),
    )
    def bucket(period: Period) -> dict[str, Schemas]:
        """One period of the policy `default`, by schema."""
        found = _default(agent, period_bucket, period, "1m")
        if found:
            found["period"] = next(iter(found.values()))["period"]
        return {"1m": found}

    @get(
        "/api/v1/metrics/window/{count:int}",
        sync_to_thread=True,
        tags=["metrics"],
        responses=refusals(
            _400="there is never such a window", _404="no policy is called default", _503=BUSY
        ),
    )
    def window(count: Count) -> dict[str, Schemas]:
        """The newest periods of the policy `default` as one, by schema."""
        return {f"{count}m": _default(agent, window_bucket, count, f"{count}m")}

    @get("/metrics", sync_to_thread=True, media_type=PROMETHEUS_TEXT, tags=["prometheus"])
    def prometheus() -> Response[str]:
        """Prometheus text of the policy `default`, if there is one, and of the agent itself.

        The agent's own part is there even while handlers are too busy to tell theirs.
        """
        try:
            found = [agent.snapshot(DEFAULT)]
        except (NotFound, Busy):
            found = []
        text = prometheus_text(exposed(found, static, handlers=False)) + own_text()
        return Response(text, media_type=PROMETHEUS_TEXT)

    periods = refusals(
        _400="the number is out of all range",
        _404="there is no such policy",
        _425="the policy does not have this period, or not yet",
        _503=BUSY,
    )

    @get(
        "/api/v1/policies/{name:str}/metrics/bucket/{period:int}",
        sync_to_thread=True,
        tags=["metrics"],
        responses=periods,
    )
    def policy_bucket(name: Name, period: Period) -> dict[str, Handlers]:
        """One period of a policy, by handler and schema."""
        return _by_policy(agent, name, period_bucket, period)

    @get(
        "/api/v1/policies/{name:str}/metrics/window/{count:int}",
        sync_to_thread=True,
        tags=["metrics"],
        responses=periods,
    )
    def policy_window(name: Name, count: Count) -> dict[str, Handlers]:
        """The newest periods of a policy as one, by handler and schema."""
        return _by_policy(agent, name, window_bucket, count)

    @get(
        "/api/v1/policies/{name:str}/metrics/prometheus",
        sync_to_thread=True,
        media_type=PROMETHEUS_TEXT,
        tags=["prometheus"],
        responses={
            404: ResponseSpec(
                str,
                media_type=MediaType.TEXT,
                generate_examples=False,
                description="there is no such policy",
            ),
            **refusals(_503=BUSY),
        },
    )
    def policy_prometheus(name: Name) -> Response[str]:
        """Prometheus text of a policy."""
        try:
            found = _snapshots(agent, name)
        except NotFound as error:
            return Response(str(error.args[0]), status_code=404, media_type="text/plain")
        text = prometheus_text(exposed(found, static, handlers=True))
        return Response(text, media_type=PROMETHEUS_TEXT)

    return [
        app_info,
        rates,
        bucket,
        window,
        prometheus,
        policy_bucket,
        policy_window,
        policy_prometheus,
    ]


def _snapshots(agent: Agent, name: str) -> list[Snapshot]:
    if name != EVERY_POLICY:
        return [agent.snapshot(name)]
    found = []
    for each in agent.policy_names():
        try:
            found.append(agent.snapshot(each))
        except NotFound:
            continue  # removed since its name was read
    return found


def _default(agent: Agent, choose: Choose, number: int, key: str) -> dict[str, Any]:
    try:
        return by_schema(agent.snapshot(DEFAULT), choose, number)
    except NotFound:
        raise ApiError(404, f"no policy is called {DEFAULT!r}") from None
    except PeriodError as error:
        raise ApiError(425 if error.early else 400, str(error), {key: None}) from None


def _by_policy(agent: Agent, name: str, choose: Choose, number: int) -> dict[str, Any]:
    if number >= 2**63:
        raise ApiError(400, "the period is out of all range")
    answer: dict[str, Any] = {}
    for snapshot in _named(agent, name):
        try:
            answer[snapshot.policy] = by_handler(snapshot, choose, number)
        except PeriodError as error:
            if name == EVERY_POLICY:
                continue
            raise ApiError(425, str(error), {snapshot.policy: {error.handler: None}}) from None
    return answer


def _named(agent: Agent, name: str) -> Iterable[Snapshot]:
    try:
        return _snapshots(agent, name)
    except NotFound:
        # Without the last s of the other routes, as clients of the original know it.
        raise ApiError(404, "policy does not exist") from None
