"""Run a handler over frames and see everything its buckets hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from pktvisor.engine.attachment import Attachment
from pktvisor.metrics import Bucket, MetricSettings
from pktvisor.metrics.cardinality import CardinalityState
from pktvisor.metrics.quantiles import QuantilesState
from pktvisor.metrics.rate import RateState
from pktvisor.metrics.top_n import TopNState
from pktvisor.plugins import Plugins
from pktvisor.stages import STAGES, stages_for
from pktvisor.streams import HandlerContext, HandlerSpec
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.strategies import HOSTS, Timed

__all__ = ["HANDLERS", "buckets_of", "values"]

_RANKS = [place / 20 for place in range(1, 21)]

HANDLERS: list[HandlerSpec] = [
    spec
    for name, version in (("net", "1.0"), ("net", "2.0"), ("dns", "1.0"), ("dns", "2.0"))
    for spec in Plugins().handlers.values()
    if (spec.name, spec.version) == (name, version)
]


def buckets_of(
    spec: HandlerSpec,
    frames: Sequence[Timed],
    cuts: Iterable[int] = (),
    *,
    periods: int = 1,
    deep_sample_rate: int = 100,
) -> list[Bucket]:
    """The buckets, newest first, after frames that came in batches cut at `cuts`; all groups on."""
    settings = MetricSettings(groups=frozenset(spec.bucket.groups))
    handler = resolve(spec.factory)(spec.config(), HandlerContext(settings, deep_sample_rate))
    window: Window[Bucket] = Window(spec.bucket, settings, periods)
    attachment = Attachment(spec.name, spec, handler, window)
    stages = [STAGES[name]() for name in stages_for(spec.needs)]
    places = sorted({0, len(frames), *(cut for cut in cuts if cut < len(frames))})
    for start, stop in pairwise(places):
        batch = packet_batch(frames[start:stop], host_spec=HOSTS)
        for stage in stages:
            batch.add_stage(stage.run(batch))
        attachment.feed(batch)
    assert not attachment.guard.stopped
    assert not any(bucket.degraded for bucket in window.buckets())
    attachment.finish(frames[-1][0])
    return window.buckets()


def values(bucket: Bucket, *, exact: bool = True) -> dict[str, Any]:
    """Every metric by its place; sketches in bytes only if `exact`.

    `net` 2.0 takes in what has no direction by all sources and all destinations of a batch, so
    that there the bytes, but not the estimate, tell how the stream was cut.
    """
    found: dict[str, Any] = {}
    for shown in bucket.shown(frozenset(bucket.groups)):
        state: Any = shown.state
        value = state.to_json()
        if isinstance(state, TopNState):
            value = dict(state.estimates())
        elif isinstance(state, CardinalityState):
            as_bytes = exact and shown.path[0] != "unknown"
            value = state.serialize() if as_bytes else round(state.estimate)
        elif isinstance(state, QuantilesState):
            value = [state.count, *(state.quantile(rank) for rank in _RANKS)]
        elif isinstance(state, RateState):
            value = [state.total, state.quantiles(_RANKS)]
        found[".".join(shown.path)] = value
    return found
