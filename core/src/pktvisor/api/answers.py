"""Snapshots as the API answers them: one period, a window of several, Prometheus text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pktvisor.exposition.json import bucket_json
from pktvisor.exposition.prometheus import Exposed
from pktvisor.metrics import Bucket
from pktvisor.policies.errors import NotFound
from pktvisor.snapshot import HandlerSnapshot, Snapshot

if TYPE_CHECKING:
    from pktvisor.engine.agent import Agent

__all__ = [
    "EVERY_POLICY",
    "PeriodError",
    "by_handler",
    "by_schema",
    "exposed",
    "period_bucket",
    "policy_snapshots",
    "window_bucket",
]

EVERY_POLICY = "__all"

Choose = Callable[[HandlerSnapshot, int], Bucket]


class PeriodError(ValueError):
    """A period or window a handler does not have; `handler` is which, `early` that it may come."""

    def __init__(self, handler: str, text: str, *, early: bool = False) -> None:
        super().__init__(text)
        self.handler = handler
        self.early = early


def period_bucket(handler: HandlerSnapshot, number: int) -> Bucket:
    """One period, 0 being the live one. Raises PeriodError naming the range."""
    if not 0 <= number < handler.periods:
        raise PeriodError(
            handler.name, f"invalid metrics period, specify [0, {handler.periods - 1}]"
        )
    if number >= len(handler.buckets):
        raise PeriodError(
            handler.name,
            f"this metrics period is not there yet, specify [0, {len(handler.buckets) - 1}]",
            early=True,
        )
    return handler.buckets[number]


def window_bucket(handler: HandlerSnapshot, count: int) -> Bucket:
    """The newest `count` periods, or as many as there are, as one. Raises PeriodError."""
    # The terminal client of the original reads the two numbers out of this text.
    if not 2 <= count <= handler.periods:
        raise PeriodError(handler.name, f"invalid metrics period, specify [2, {handler.periods}]")
    chosen = handler.buckets[:count]
    return chosen[0] if len(chosen) == 1 else type(chosen[0]).merged(chosen)


def by_handler(snapshot: Snapshot, choose: Choose, number: int) -> dict[str, Any]:
    """`{handler: {schema: {…}}}`, like handlers as one where the policy says so."""
    view = snapshot.merged() if snapshot.merge_like_handlers else snapshot
    return {
        name: {bucket.schema: bucket_json(bucket)}
        for name, bucket in _chosen(view.handlers, choose, number)
    }


def by_schema(snapshot: Snapshot, choose: Choose, number: int) -> dict[str, Any]:
    """`{schema: {…}}` as the routes without a policy answer; of two handlers of a kind, the last."""
    return {
        bucket.schema: bucket_json(bucket)
        for _, bucket in _chosen(snapshot.handlers, choose, number)
    }


def exposed(
    snapshots: Iterable[Snapshot], static: Mapping[str, str], *, handlers: bool
) -> Iterator[Exposed]:
    """What Prometheus sees: the last finished period of each handler, or else the live one.

    `static` labels come first; with `handlers` each line says which handler it is of.
    """
    for snapshot in snapshots:
        merged = handlers and snapshot.merge_like_handlers
        for handler in (snapshot.merged() if merged else snapshot).handlers.values():
            labels = {**static, "policy": snapshot.policy}
            if handlers:
                labels["handler"] = handler.name
            if handler.tap:
                labels["tap"] = handler.tap
            yield handler.buckets[min(1, len(handler.buckets) - 1)], labels


def policy_snapshots(agent: Agent, name: str) -> list[Snapshot]:
    """The snapshot of a policy, or with `EVERY_POLICY` of all that are there. Raises NotFound."""
    if name != EVERY_POLICY:
        return [agent.snapshot(name)]
    found = []
    for each in agent.policy_names():
        try:
            found.append(agent.snapshot(each))
        except NotFound:
            continue  # removed since its name was read
    return found


def _chosen(
    handlers: Mapping[str, HandlerSnapshot], choose: Choose, number: int
) -> Iterator[tuple[str, Bucket]]:
    for name, handler in handlers.items():
        bucket = choose(handler, number)
        if not bucket.silent:
            yield name, bucket
