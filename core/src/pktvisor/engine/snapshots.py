"""Take a policy's buckets off the streams it reads."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor.engine.attachment import Attachment
from pktvisor.engine.runner import StreamRunner
from pktvisor.engine.settings import PolicyPlan, StreamPlan
from pktvisor.snapshot import HandlerSnapshot, Snapshot

__all__ = ["stream_snapshot", "united"]


def stream_snapshot(
    runner: StreamRunner, stream: StreamPlan, heads: Iterable[Attachment]
) -> Snapshot:
    """What a policy has of one stream; runs in the stream's worker. Sealed buckets are shared."""
    handlers = {}
    counts = {**runner.counts._asdict(), **runner.stage_counters()}
    now_ns = runner.now_ns
    for attachment in (link for head in heads for link in head.chain()):
        kept = attachment.window.buckets()
        handlers[attachment.name] = HandlerSnapshot(
            attachment.name,
            attachment.spec.version,
            tuple(b if b.end_ns is not None else b.copy(now_ns) for b in kept),
            attachment.window.periods,
            stream.tap,
        )
        for table, evicted in attachment.evictions().items():
            counts[f"{attachment.name}_{table}_evicted"] = evicted
        for name, value in attachment.info().items():
            if isinstance(value, int):
                counts[f"{attachment.name}_{name}"] = value
    return Snapshot("", handlers, counts, runner.problem)


def united(plan: PolicyPlan, parts: Iterable[Snapshot]) -> Snapshot:
    """One snapshot of a policy from those of its streams; counts of the streams add."""
    handlers: dict[str, HandlerSnapshot] = {}
    counts: dict[str, int] = {}
    problems = []
    for part in parts:
        handlers.update(part.handlers)
        for name, value in part.stream.items():
            counts[name] = counts.get(name, 0) + value
        if part.problem is not None:
            problems.append(part.problem)
    problem = "; ".join(problems) or None
    return Snapshot(plan.name, handlers, counts, problem, plan.merge_like_handlers)
