"""Prometheus' own tools over what we expose: the linter, and a server that scrapes us."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from pktvisor.api.access import Access
from pktvisor.api.app import create_app, guarded
from pktvisor.engine.agent import Agent
from tests.e2e.daemons import Starter, free_port
from tests.samples import SAMPLE, SAMPLE_HOSTS

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60

# Drop-in names that are not what the linter likes: they are the original's.
FINDINGS = """
dns_rates_total non-counter metrics should not have "_total" suffix
dns_wire_packets_total non-counter metrics should not have "_total" suffix
dns_xact_counts_total non-counter metrics should not have "_total" suffix
dns_xact_in_quantiles_us metric names should not contain abbreviated units
dns_xact_in_total non-counter metrics should not have "_total" suffix
dns_xact_out_quantiles_us metric names should not contain abbreviated units
dns_xact_out_total non-counter metrics should not have "_total" suffix
packets_rates_pps_total non-counter metrics should not have "_total" suffix
packets_total non-counter metrics should not have "_total" suffix
payload_rates_bytes_total non-counter metrics should not have "_total" suffix
"""

# What the original's Prometheus dashboard asks for; places and networks need databases.
DASHBOARD = """
packets_ipv4 packets_ipv6 packets_tcp packets_udp packets_other_l4 packets_deep_samples packets_total
packets_rates_pps_total packets_rates_pps_in packets_rates_pps_out packets_top_ipv4 packets_top_ipv6
dns_wire_packets_deep_samples dns_wire_packets_total dns_rates_total dns_top_qtype dns_top_rcode
dns_wire_packets_ipv4 dns_wire_packets_ipv6 dns_wire_packets_tcp dns_wire_packets_udp dns_xact_in_total
dns_xact_out_total dns_wire_packets_nxdomain dns_wire_packets_srvfail dns_wire_packets_refused
dns_top_qname2 dns_top_qname3 dns_xact_in_quantiles_us dns_xact_out_quantiles_us dns_top_udp_ports
"""


def document() -> str:
    tap = {"input_type": "pcap", "config": {"pcap_file": str(SAMPLE), "host_spec": SAMPLE_HOSTS}}
    modules = {name: {"type": name} for name in ("net", "dns", "pcap")}
    policy = {
        "kind": "collection",
        "input": {"tap": "f", "input_type": "pcap"},
        "handlers": {"window_config": {"num_periods": 1}, "modules": modules},
    }
    return json.dumps({"visor": {"taps": {"f": tap}, "policies": {"default": policy}}})


@pytest.fixture(scope="module")
def text() -> str:
    agent = Agent()
    agent.load(document())
    agent.join()
    client = TestClient(guarded(create_app(agent), Access()), base_url="http://127.0.0.1:10853")
    answer = client.get("/metrics").text
    agent.close()
    return answer


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed: make tools"
)
def test_the_linter_finds_nothing_but_names_of_the_original(text: str) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    said = set((done.stdout + done.stderr).strip().splitlines())
    assert said == set(FINDINGS.strip().splitlines())


def test_every_name_the_dashboard_asks_for_is_there(text: str) -> None:
    there = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert set(DASHBOARD.split()) <= there


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed: make tools"
)
def test_a_prometheus_server_has_us_up_and_all_families_typed(
    tmp_path: Path, text: str, start: Starter
) -> None:
    theirs = free_port()
    (tmp_path / "policy.yaml").write_text(document())
    ours = start("--config", str(tmp_path / "policy.yaml")).port
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs: [{job_name: pktvisor, static_configs:"
        f" [{{targets: ['127.0.0.1:{ours}']}}]}}]\n"
    )
    server = [
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{theirs}",
    ]
    with running(server):
        deadline = time.monotonic() + PATIENCE_S
        targets: list[dict[str, str]] = []
        while not any(target["health"] == "up" for target in targets):
            assert time.monotonic() < deadline, targets
            time.sleep(0.5)
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(f"http://127.0.0.1:{theirs}/api/v1/targets").json()
                targets = answer["data"]["activeTargets"]
        found = httpx.get(f"http://127.0.0.1:{theirs}/api/v1/metadata").json()["data"]
    stated = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    typed = {name: entries[0]["type"] for name, entries in found.items()}
    assert {name: typed.get(name) for name in stated} == stated
