"""Metrics pushed to a collector are those Prometheus scrapes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.collector import Received, collector
from tests.e2e.daemons import Daemon, Starter, free_port
from tests.samples import SAMPLE

HOSTS = "192.0.2.53/32,2001:db8:1::53/128"


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "policy.yaml"
    path.write_text(
        f"""
visor:
  taps: {{file: {{input_type: pcap, config: {{pcap_file: {SAMPLE}, host_spec: "{HOSTS}"}}}}}}
  policies:
    lab:
      kind: collection
      input: {{tap: file, input_type: pcap}}
      handlers:
        window_config: {{num_periods: 1}}
        modules:
          packets: {{type: net}}
          names: {{type: dns, require_version: "2.0", metric_groups: {{enable: [all]}}}}
"""
    )
    return str(path)


def pushing(start: Starter, config: str, port: int, *options: str, **environment: str) -> Daemon:
    return start(
        "--config", config, "--otel", "--otel-host", "127.0.0.1", "--otel-port", str(port),
        "--otel-interval", "1", *options, **environment,
    )  # fmt: skip


def gauges(received: Received) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The gauge points of the newest request, by name and labels."""
    found = {}
    scopes = {s.scope.name: s for s in received.requests[-1].resource_metrics[0].scope_metrics}
    for metric in scopes["pktvisor/lab"].metrics:
        for point in metric.gauge.data_points:
            labels = frozenset((a.key, a.value.string_value) for a in point.attributes)
            found[metric.name, labels] = float(getattr(point, point.WhichOneof("value")))
    return found


def scraped(daemon: Daemon) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The gauges of the policy as Prometheus sees them."""
    text = daemon.client.get("/api/v1/policies/lab/metrics/prometheus").text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    found = {}
    for name, labels, value in re.findall(r"^(\w+)\{(.*)\} (\S+)$", text, re.MULTILINE):
        if kinds.get(name) == "gauge":
            pairs = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
            found[name, pairs] = float(value)
    return found


def test_what_is_pushed_is_what_prometheus_scrapes(start: Starter, config: str) -> None:
    with collector() as received:
        daemon = pushing(start, config, received.port, "--otel-path", "other/metrics")
        daemon.wait_until(lambda: daemon.client.get("/health").json()["inputs"])
        daemon.wait_until(
            lambda: all(
                health["state"] == "finished"
                for health in daemon.client.get("/health").json()["inputs"].values()
            )
        )
        known = len(received.requests)
        daemon.wait_until(lambda: len(received.requests) > known + 1)
        pushed = gauges(received)
        assert pushed == {
            key: value for key, value in scraped(daemon).items() if ("name", "") not in key[1]
        }
        assert len(pushed) > 100
        assert set(received.paths) == {"/other/metrics"}
        daemon.process.terminate()
        assert daemon.process.wait(10) == 0


def test_a_collector_that_fails_is_logged_once_and_counted(start: Starter, config: str) -> None:
    port = free_port()
    daemon = pushing(start, config, port)

    def errors() -> int:
        text = daemon.client.get("/metrics").text
        return int(
            float(re.findall(r"^pktvisor_otlp_push_errors_total (\S+)$", text, re.MULTILINE)[0])
        )

    daemon.wait_until(lambda: errors() >= 2)
    with collector(port=port) as received:
        daemon.wait_for("works again")
        received.status = 503
        daemon.wait_for("it answered 503")
    assert daemon.log.read_text().count(f"push to http://127.0.0.1:{port}/v1/metrics failed") == 2
    assert re.search(
        r"^pktvisor_otlp_pushes_total [1-9]", daemon.client.get("/metrics").text, re.MULTILINE
    )


def test_over_tls_both_sides_show_a_certificate(
    start: Starter, config: str, made: tuple[Path, Path]
) -> None:
    certificate, key = map(str, made)
    options = ("--otel-tls", "--otel-tls-cert", certificate, "--otel-tls-key", key)
    with collector(tls=made) as received:
        trusting = pushing(start, config, received.port, *options, SSL_CERT_FILE=certificate)
        trusting.wait_until(lambda: received.requests)
        doubting = pushing(start, config, received.port, *options)
        doubting.wait_for("CERTIFICATE_VERIFY_FAILED")
