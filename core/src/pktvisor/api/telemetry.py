"""What the agent says of itself in Prometheus' text: real counters under `pktvisor_`."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from pktvisor import __version__

if TYPE_CHECKING:
    from pktvisor.engine.sinks import SinkStatus
    from pktvisor.streams import HandlerStatus, StreamStatus

__all__ = ["Push", "agent_text"]

# Name without _total, help, and the field of a stream's status.
_STREAM_COUNTERS = (
    ("received_packets", "Packets the kernel took for this input", "kernel_received"),
    ("kernel_dropped_packets", "Packets the kernel dropped: the buffer was full", "kernel_drops"),
    ("interface_dropped_packets", "Packets the interface dropped", "interface_drops"),
    ("filtered_packets", "Packets the capture filter rejected", "kernel_filtered"),
    ("queue_dropped_packets", "Packets dropped before the worker, it was behind", "queue_drops"),
    ("processed_packets", "Packets the worker has handled", "processed"),
    ("malformed_packets", "Processed packets whose bytes are wrong", "malformed"),
    ("truncated_packets", "Processed packets cut short by the snap length", "truncated"),
    ("unsupported_packets", "Processed packets of unsupported link types", "unsupported"),
    ("replaced_timestamps", "Timestamps too far from arrival, replaced by it", "times_replaced"),
)
_STREAM_GAUGES = (
    ("queued_packets", "Packets that wait for the worker", "queued"),
    ("queued_bytes", "Bytes that wait for the worker", "queued_bytes"),
    ("queue_limit_bytes", "Bytes that may wait for the worker", "queue_limit_bytes"),
)

# Name behind pktvisor_sink_, which is the field of a sink's status; help.
_SINK_COUNTERS = (
    ("offered", "Finished buckets a sink was offered"),
    ("written", "Finished buckets a sink has written"),
    ("errors", "Finished buckets a sink failed on"),
    ("dropped", "Finished buckets dropped, the sink was behind"),
)


class Push(Protocol):
    """What pushes metrics elsewhere."""

    pushed: int
    errors: int


class _Agent(Collector):
    def __init__(
        self,
        streams: Iterable[StreamStatus],
        sinks: Iterable[SinkStatus],
        push: Push | None,
    ) -> None:
        self._streams = list(streams)
        self._sinks = list(sinks)
        self._push = push

    def collect(self) -> Iterator[Family]:
        build = GaugeMetricFamily(
            "pktvisor_build_info", "The version of the agent", labels=("version",)
        )
        build.add_metric((__version__,), 1)
        yield build
        if self._push is not None:
            yield CounterMetricFamily(
                "pktvisor_otlp_pushes", "Pushes a collector took", self._push.pushed
            )
            yield CounterMetricFamily(
                "pktvisor_otlp_push_errors", "Pushes that failed", self._push.errors
            )
        yield GaugeMetricFamily(
            "pktvisor_resident_memory_bytes", "Memory the process holds", _resident_bytes()
        )
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield CounterMetricFamily(
            "pktvisor_cpu_seconds",
            "Processor time of the process",
            usage.ru_utime + usage.ru_stime,
        )
        for name, text, field in _STREAM_COUNTERS:
            yield self._per_stream(CounterMetricFamily, name, text, field)
        for name, text, field in _STREAM_GAUGES:
            yield self._per_stream(GaugeMetricFamily, name, text, field)
        busy = CounterMetricFamily(
            "pktvisor_batch_seconds", "Time spent on batches", labels=("input", "stream")
        )
        up = GaugeMetricFamily(
            "pktvisor_input_up",
            "Whether an input runs and has no problem",
            labels=("input", "stream"),
        )
        for stream in self._streams:
            busy.add_metric((stream.input, stream.tap), stream.busy_ns / 1e9)
            up.add_metric((stream.input, stream.tap), stream.state == "running")
        yield busy
        yield up
        yield self._per_handler("handler_seconds", "Time in a handler", lambda h: h.busy_ns / 1e9)
        yield self._per_handler("handler_errors", "Batches a handler failed on", lambda h: h.errors)
        given_up = CounterMetricFamily(
            "pktvisor_stage_losses",
            "What stages gave up or could not use",
            labels=("input", "stream", "reason"),
        )
        evicted = CounterMetricFamily(
            "pktvisor_evicted_entries",
            "Entries a handler's tables gave up to stay in bounds; metrics are those of its buckets",
            labels=("input", "stream", "policy", "handler", "table"),
        )
        for stream in self._streams:
            for reason, count in stream.given_up.items():
                given_up.add_metric((stream.input, stream.tap, reason), count)
            for handler in stream.handlers:
                labels = (stream.input, stream.tap, handler.policy, handler.name)
                for table, count in handler.evicted.items():
                    evicted.add_metric((*labels, table), count)
        yield given_up
        yield evicted
        for name, text in _SINK_COUNTERS:
            yield self._per_sink(CounterMetricFamily, name, text)
        yield self._per_sink(GaugeMetricFamily, "waiting", "Finished buckets that wait for a sink")

    def _per_stream(
        self,
        kind: type[CounterMetricFamily | GaugeMetricFamily],
        name: str,
        text: str,
        field: str,
    ) -> Family:
        family = kind(f"pktvisor_{name}", text, labels=("input", "stream"))
        for stream in self._streams:
            value = getattr(stream, field)
            if value is not None:
                family.add_metric((stream.input, stream.tap), value)
        return family

    def _per_sink(
        self, kind: type[CounterMetricFamily | GaugeMetricFamily], name: str, text: str
    ) -> Family:
        family = kind(f"pktvisor_sink_{name}_buckets", text, labels=("sink", "type"))
        for sink in self._sinks:
            family.add_metric((sink.name, sink.type), getattr(sink, name))
        return family

    def _per_handler(
        self, name: str, text: str, value: Callable[[HandlerStatus], float]
    ) -> CounterMetricFamily:
        family = CounterMetricFamily(
            f"pktvisor_{name}", text, labels=("input", "stream", "policy", "handler")
        )
        for stream in self._streams:
            for handler in stream.handlers:
                labels = (stream.input, stream.tap, handler.policy, handler.name)
                family.add_metric(labels, value(handler))
        return family


def agent_text(
    streams: Iterable[StreamStatus],
    sinks: Iterable[SinkStatus],
    static: Mapping[str, str],
    push: Push | None = None,
) -> str:
    """The agent's own families in text format 0.0.4, `static` labels on every line."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Labelled(_Agent(streams, sinks, push), static))
    return generate_latest(registry).decode()


class _Labelled(Collector):
    """Another collector's families with more labels."""

    def __init__(self, inner: Collector, labels: Mapping[str, str]) -> None:
        self._inner = inner
        self._labels = labels

    def collect(self) -> Iterator[Family]:
        for family in self._inner.collect():
            family.samples = [
                sample._replace(labels={**self._labels, **sample.labels})
                for sample in family.samples
            ]
            yield family


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - read at every scrape
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
