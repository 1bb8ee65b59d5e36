"""Metrics: of the policy `default` by the routes of old, of every policy by its own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from pktvisor import __version__
from pktvisor.api.answers import (
    EVERY_POLICY,
    Choose,
    PeriodError,
    by_handler,
    by_schema,
    period_bucket,
    policy_snapshots,
    window_bucket,
)
from pktvisor.api.errors import BUSY, ApiError, refusals
from pktvisor.api.routes.shapes import AnyPolicy, AppBody, Handlers, RatesBody, Schemas
from pktvisor.engine.agent import Agent
from pktvisor.policies.errors import NotFound
from pktvisor.policies.values import DEFAULT_POLICY
from pktvisor.snapshot import Snapshot

__all__ = ["metric_routes"]


Period = Annotated[int, PathParameter(description="0 is the live period, 1 the last finished one")]
Count = Annotated[int, PathParameter(description="how many of the newest periods, from 2")]


def metric_routes(agent: Agent) -> list[HTTPRouteHandler]:
    """Those that answer JSON."""
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
    def policy_bucket(name: AnyPolicy, period: Period) -> dict[str, Handlers]:
        """One period of a policy, by handler and schema."""
        return _by_policy(agent, name, period_bucket, period)

    @get(
        "/api/v1/policies/{name:str}/metrics/window/{count:int}",
        sync_to_thread=True,
        tags=["metrics"],
        responses=periods,
    )
    def policy_window(name: AnyPolicy, count: Count) -> dict[str, Handlers]:
        """The newest periods of a policy as one, by handler and schema."""
        return _by_policy(agent, name, window_bucket, count)

    return [
        app_info,
        rates,
        bucket,
        window,
        policy_bucket,
        policy_window,
    ]


def _default(agent: Agent, choose: Choose, number: int, key: str) -> dict[str, Any]:
    try:
        return by_schema(agent.snapshot(DEFAULT_POLICY), choose, number)
    except NotFound:
        raise ApiError(404, f"no policy is called {DEFAULT_POLICY!r}") from None
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
        return policy_snapshots(agent, name)
    except NotFound:
        # Without the last s of the other routes, as clients of the original know it.
        raise ApiError(404, "policy does not exist") from None
