"""Prometheus text, through `prometheus_client`: one family a metric, whatever policies show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pktvisor.metrics import Bucket

__all__ = ["Exposed", "prometheus_text"]

# A bucket to show, and the labels all its lines carry.
Exposed = tuple["Bucket", Mapping[str, str]]


class _Buckets(Collector):
    def __init__(self, exposed: Iterable[Exposed]) -> None:
        self._exposed = list(exposed)

    def collect(self) -> Iterator[Family]:
        families: dict[str, Family] = {}
        for bucket, labels in self._exposed:
            if bucket.silent:
                continue
            for shown in bucket.shown():
                metric = shown.metric
                lines = shown.state.samples(metric.label)
                if not lines:
                    continue
                name = metric.family(bucket.schema)
                family = families.get(name)
                if family is None:
                    family = families[name] = Family(name, metric.help, metric.prometheus_type)
                for suffix, own, value in lines:
                    family.add_sample(name + suffix, {**labels, **shown.labels, **own}, value)
        yield from families.values()


def prometheus_text(exposed: Iterable[Exposed]) -> str:
    """The buckets in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Buckets(exposed))
    return generate_latest(registry).decode()
