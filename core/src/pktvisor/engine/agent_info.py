"""What the API shows of taps, policies and their health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pktvisor.engine.attachment import Attachment
from pktvisor.engine.engine import Engine
from pktvisor.engine.runner import StreamRunner
from pktvisor.engine.settings import PolicyPlan, StreamPlan
from pktvisor.metrics import Bucket, MetricState
from pktvisor.policies.models import Tap
from pktvisor.streams import StreamStatus

__all__ = ["input_json", "policy_json", "stream_health", "tap_json"]

INPUT_INTERFACE = "visor.module.input/1.0"


def tap_json(tap: Tap) -> dict[str, Any]:
    """A tap; what is not set is null."""
    return {
        "config": tap.config or None,
        "input_type": tap.input_type,
        "interface": INPUT_INTERFACE,
        "tags": tap.tags or None,
    }


def policy_json(
    engine: Engine,
    plan: PolicyPlan,
    taps: Mapping[str, Tap],
    patience_s: float | None = None,
) -> dict[str, Any]:
    """A policy: its taps that are still there, its input streams and its handlers.

    Raises Busy as `StreamRunner.call` does, NotFound when it was removed meanwhile.
    """
    result: dict[str, Any] = {"input": {}, "modules": {}}
    named = {s.tap: tap_json(taps[s.tap]) for s in plan.streams if s.tap in taps}
    if named and not plan.companion:
        result["taps"] = named
    for stream in plan.streams:
        runner = engine.runner(stream.name)
        heads = engine.attached(plan.name, stream.name)
        inputs, modules = runner.call(partial(_describe, runner, stream, heads), patience_s)
        result["input"][stream.name] = inputs
        result["modules"].update(modules)
    return result


def stream_health(status: StreamStatus) -> dict[str, Any]:
    """How one input and its handlers do."""
    return {
        **status._asdict(),
        "given_up": dict(status.given_up),
        "handlers": [{**h._asdict(), "evicted": dict(h.evicted)} for h in status.handlers],
        "unaccounted": status.unaccounted,
    }


def input_json(runner: StreamRunner, stream: StreamPlan) -> dict[str, Any]:
    """An input stream; to be called in its worker."""
    about: dict[str, Any] = {
        "module": {"name": stream.name, "config": _config(runner, stream) or None},
        "input": {"running": not runner.finished, "consumers": runner.consumers},
    }
    info = runner.info()
    if info:
        about[stream.spec.name] = info
    return about


def _describe(
    runner: StreamRunner, stream: StreamPlan, heads: list[Attachment]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stream and the handlers of a policy on it; runs in the stream's worker."""
    shown = {plan.name: plan.shown for plan in stream.handlers}
    modules = {}
    for attachment in (link for head in heads for link in head.chain()):
        modules[attachment.name] = {
            "module": {
                "name": attachment.name,
                "type": attachment.spec.bucket.schema,
                "running": not runner.finished and not attachment.guard.stopped,
                "config": dict(shown[attachment.name]),
            },
            **_metrics(attachment, runner.now_ns),
            **{k: v for k, v in attachment.info().items() if isinstance(v, Mapping)},
        }
    return input_json(runner, stream), modules


def _metrics(attachment: Attachment, now_ns: int) -> dict[str, Any]:
    """The kept periods of a handler whose type reflects some of its metrics."""
    if not attachment.spec.reflects:
        return {}
    periods = []
    for bucket in attachment.window.buckets():
        ended = bucket.end_ns is not None
        shown = bucket if ended else bucket.copy(now_ns)
        period: dict[str, Any] = {
            "start_tstamp": _utc(shown.start_ns),
            "read_only": ended,
            "length": shown.length,
            "events": _events(shown, attachment.spec.reflects),
        }
        if shown.end_ns is not None:
            period["end_tstamp"] = _utc(shown.end_ns)
        periods.append(period)
    rate = attachment.handler.context.deep_sample_rate
    return {
        "metrics": {
            "deep_sample_rate": rate,
            "periods": periods,
            "periods_configured": attachment.window.periods,
        }
    }


def _events(bucket: Bucket, names: tuple[str, ...]) -> dict[str, Any]:
    """Some metrics of a bucket as nested objects; rates lie under `rates`, as in the original."""
    result: dict[str, Any] = {}
    for name in names:
        metric, state = bucket.metrics[name], bucket.states[name]
        assert isinstance(state, MetricState)
        place = result
        parts = ("rates", *metric.path) if metric.kind == "rate" else metric.path
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = state.to_json()
    return result


def _utc(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _config(runner: StreamRunner, stream: StreamPlan) -> dict[str, Any]:
    """The config as it was written, with what the stream found out in place of what asked for it."""
    found = runner.resolved()
    return {key: found.get(key, value) for key, value in stream.shown.items()}
