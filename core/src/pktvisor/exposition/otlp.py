"""OTLP metrics, through the protobuf classes of OpenTelemetry: one scope for each policy.

Counters, levels, cardinalities and the items of lists are gauges, as a period's value may fall;
quantiles and rates are summaries; histograms are cumulative since their period began. Names, help
and labels are those of the Prometheus text. Source: opentelemetry-proto 1.x, `metrics.proto`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pktvisor.exposition.prometheus import Exposed

if TYPE_CHECKING:
    from pktvisor.metrics import Bucket
    from pktvisor.metrics.metric import Sample

__all__ = ["otlp_request"]

_CUMULATIVE = 2

# Writes the lines of one metric of a bucket: message, lines, labels, first and last nanosecond.
_Write = Callable[[Any, "list[Sample]", Mapping[str, str], tuple[int, int]], None]


def otlp_request(policies: Mapping[str, Iterable[Exposed]], now_ns: int) -> bytes:
    """An ExportMetricsServiceRequest of the buckets of each policy; empty bytes for no metrics.

    `now_ns` is the end of what a live bucket tells of. Raises ImportError without the package
    opentelemetry-proto.
    """
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

    request = metrics_service_pb2.ExportMetricsServiceRequest()
    scopes = request.resource_metrics.add().scope_metrics
    for policy, exposed in policies.items():
        families: dict[str, Any] = {}
        for bucket, labels in exposed:
            _add(families, bucket, labels, now_ns)
        if families:
            scope = scopes.add(metrics=families.values())
            scope.scope.name = f"pktvisor/{policy}"
            _label(scope.scope.attributes, {"policy_name": policy})
    if not scopes:
        return b""
    data: bytes = request.SerializeToString()
    return data


def _add(families: dict[str, Any], bucket: Bucket, labels: Mapping[str, str], now_ns: int) -> None:
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    if bucket.silent:
        return
    period = (bucket.start_ns, now_ns if bucket.end_ns is None else bucket.end_ns)
    for shown in bucket.shown():
        metric = shown.metric
        lines = shown.state.samples(metric.label)
        if not lines:
            continue
        name = metric.family(bucket.schema)
        if name not in families:
            families[name] = metrics_pb2.Metric(name=name, description=metric.help)
        write = _WRITERS[metric.prometheus_type]
        write(families[name], lines, {**labels, **shown.labels}, period)


def _gauge(
    message: Any, lines: list[Sample], labels: Mapping[str, str], period: tuple[int, int]
) -> None:
    for _, own, value in lines:
        if "" in own.values():  # an item without a name is none, as in the original
            continue
        point = _point(message.gauge.data_points, {**labels, **own}, period)
        if isinstance(value, int):
            point.as_int = value
        else:
            point.as_double = value


def _summary(
    message: Any, lines: list[Sample], labels: Mapping[str, str], period: tuple[int, int]
) -> None:
    point = _point(message.summary.data_points, labels, period)
    for suffix, own, value in lines:
        if suffix == "_sum":
            point.sum = value
        elif suffix == "_count":
            point.count = int(value)
        else:
            point.quantile_values.add(quantile=float(own["quantile"]), value=value)


def _histogram(
    message: Any, lines: list[Sample], labels: Mapping[str, str], period: tuple[int, int]
) -> None:
    message.histogram.aggregation_temporality = _CUMULATIVE
    point = _point(message.histogram.data_points, labels, period)
    before = 0
    for suffix, own, value in lines:
        if suffix == "_sum":
            point.sum = value
        elif suffix == "_count":
            point.count = int(value)
        else:
            if own["le"] != "+Inf":
                point.explicit_bounds.append(float(own["le"]))
            point.bucket_counts.append(int(value) - before)
            before = int(value)


def _point(points: Any, labels: Mapping[str, str], period: tuple[int, int]) -> Any:
    point = points.add(start_time_unix_nano=period[0], time_unix_nano=period[1])
    _label(point.attributes, labels)
    return point


def _label(attributes: Any, labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        attributes.add(key=key).value.string_value = value


_WRITERS: Mapping[str, _Write] = {"gauge": _gauge, "summary": _summary, "histogram": _histogram}
