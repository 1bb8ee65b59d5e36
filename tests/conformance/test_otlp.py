"""What the original's own tests expect of its OTLP, row by row; directions add up."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from pktvisor import summarize
from pktvisor.api.answers import exposed
from pktvisor.exposition.otlp import otlp_request
from pktvisor.plugins import Plugins

from .captured import CAPTURES, needs_captures

ROWS = [
    ("net", "1.0", {"packets_udp": 140, "packets_ipv4": 140, "packets_ipv6": 0}),
    ("net", "2.0", {"net_udp_packets": 140, "net_ipv4_packets": 140, "net_ipv6_packets": 0}),
    ("dns", "1.0", {"dns_wire_packets_udp": 140, "dns_wire_packets_queries": 70,
                    "dns_wire_packets_replies": 70}),
    ("dns", "2.0", {"dns_xacts": 70, "dns_udp_xacts": 70, "dns_ipv4_xacts": 70}),
]  # fmt: skip


@needs_captures
@pytest.mark.parametrize(("handler", "version", "expected"), ROWS)
def test_gauges_hold_what_the_original_expects(
    handler: str, version: str, expected: dict[str, int]
) -> None:
    snapshot = summarize(
        CAPTURES / "dns_ipv4_udp.pcap", handlers=[Plugins().handler(handler, version)]
    )
    data = otlp_request({"p": exposed([snapshot], {}, handlers=True)}, 0)
    (scope,) = ExportMetricsServiceRequest.FromString(data).resource_metrics[0].scope_metrics
    sums = {m.name: sum(p.as_int for p in m.gauge.data_points) for m in scope.metrics}
    assert {name: sums[name] for name in expected} == expected
