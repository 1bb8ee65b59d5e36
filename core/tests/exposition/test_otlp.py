"""OTLP says of a bucket what its lines for Prometheus say, in its own kinds of point."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from pktvisor.commands.otlp_push import collector_of
from pktvisor.exposition.otlp import otlp_request
from pktvisor.metrics import Bucket, Counter, Histogram, MetricSettings, Quantiles, Texts, TopN

NOW_NS = 125 * 10**9


class Lab(Bucket):
    """One metric of each kind of point."""

    schema, groups = "lab", {"on": True}
    events = Counter("events", "Events seen", group="on")
    names = TopN("names", "Names", label="name")
    sizes = Quantiles("sizes", "Sizes", values="small")
    spread = Histogram("spread", "Spread")


def filled(groups: frozenset[str] = frozenset({"on"})) -> Lab:
    bucket = Lab(MetricSettings(groups=groups), 60 * 10**9)
    bucket.events.add(7)
    bucket.names.add_texts(Texts.of(["a", "b", "a", ""]), np.arange(4))
    bucket.sizes.add(np.array([10, 20, 30]))
    bucket.spread.add(np.array([12, 12, 12, 8]))
    return bucket


def told(bucket: Lab, **labels: str) -> Any:
    """The metrics of the only scope, by name."""
    request = ExportMetricsServiceRequest.FromString(
        otlp_request({"p": [(bucket, labels)]}, NOW_NS)
    )
    (resource,) = request.resource_metrics
    (scope,) = resource.scope_metrics
    assert scope.scope.name == "pktvisor/p"
    assert [(a.key, a.value.string_value) for a in scope.scope.attributes] == [("policy_name", "p")]
    return {metric.name: metric for metric in scope.metrics}


def test_counters_and_items_of_lists_are_gauges_with_their_labels() -> None:
    metrics = told(filled(), policy="p", tap="t")
    (point,) = metrics["lab_events"].gauge.data_points
    assert metrics["lab_events"].description == "Events seen"
    assert point.as_int == 7
    assert {a.key: a.value.string_value for a in point.attributes} == {"policy": "p", "tap": "t"}
    items = {p.attributes[-1].value.string_value: p.as_int for p in
             metrics["lab_names"].gauge.data_points}  # fmt: skip
    assert items == {"a": 2, "b": 1}  # the item without a name is left out


def test_quantiles_are_a_summary_with_sum_and_count() -> None:
    (point,) = told(filled())["lab_sizes"].summary.data_points
    assert {q.quantile: q.value for q in point.quantile_values} == {
        0.5: 20, 0.9: 30, 0.95: 30, 0.99: 30
    }  # fmt: skip
    assert (point.sum, point.count) == (60, 3)


def test_a_histogram_counts_each_range_by_itself() -> None:
    metric = told(filled())["lab_spread"].histogram
    assert metric.aggregation_temporality == 2  # cumulative since the start of the period
    (point,) = metric.data_points
    assert list(point.explicit_bounds) == [8, 12]
    assert list(point.bucket_counts) == [1, 3, 0]
    assert (point.count, point.sum) == (4, 44)


def test_points_span_the_period_or_what_there_is_of_it() -> None:
    live, sealed = filled(), filled()
    sealed.seal(120 * 10**9)
    for bucket, end_ns in ((live, NOW_NS), (sealed, 120 * 10**9)):
        (point,) = told(bucket)["lab_events"].gauge.data_points
        assert (point.start_time_unix_nano, point.time_unix_nano) == (60 * 10**9, end_ns)


def test_two_handlers_share_a_metric() -> None:
    both = otlp_request(
        {"p": [(filled(), {"handler": "one"}), (filled(), {"handler": "two"})]}, NOW_NS
    )
    (scope,) = ExportMetricsServiceRequest.FromString(both).resource_metrics[0].scope_metrics
    assert [m.name for m in scope.metrics].count("lab_events") == 1
    assert len(scope.metrics[0].gauge.data_points) == 2


def test_there_is_no_request_without_metrics() -> None:
    assert otlp_request({}, NOW_NS) == b""
    assert otlp_request({"p": [(filled(frozenset()), {})]}, NOW_NS) == b""


def test_without_the_package_one_line_says_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="opentelemetry-proto is not installed: pip install"):
        collector_of("localhost", 4318, "/v1/metrics", 60, None)


@pytest.mark.parametrize(
    ("host", "path", "url"),
    [
        ("localhost", "/v1/metrics", "http://localhost:4318/v1/metrics"),
        ("::1", "v1/metrics", "http://[::1]:4318/v1/metrics"),
    ],
)
def test_the_address_is_made_of_host_port_and_path(host: str, path: str, url: str) -> None:
    assert collector_of(host, 4318, path, 60, None).url == url
