"""The metrics of `input_resources`, schema `input_resources`."""

from __future__ import annotations

from pktvisor.metrics import Bucket, Counter, Level, Quantiles, Rate

__all__ = ["ResourcesBucket"]


class ResourcesBucket(Bucket):
    """What a stream cost in one period. Events are samples, changes of policies and period shifts."""

    schema = "input_resources"

    cpu_usage = Quantiles(
        "cpu_usage",
        "Share of one CPU that the stream's thread used between two samples",
        unit="percent",
        values="real",
        family="resources_cpu_usage",
    )
    memory_bytes = Quantiles(
        "memory_bytes",
        "Memory of the process at each sample",
        values="real",
        unit="bytes",
        family="resources_memory_bytes",
    )
    policy_count = Level(
        "policy_count",
        "Policies attached to the stream: this one and all but the one that made the stream",
        family="resources_policy_count",
    )
    handler_count = Level(
        "handler_count",
        "Handlers attached to the stream: this one and all but those of the policy that made it",
        family="resources_handler_count",
    )
    total = Counter("total", "Samples, changes of policies and period shifts", family="base_total")
    deep_samples = Counter(
        "deep_samples", "Those of them that were deep sampled", family="base_deep_samples"
    )
    event_rate = Rate(
        "event_rate", "Rate of those events", unit="events/s", family="base_event_rate"
    )
