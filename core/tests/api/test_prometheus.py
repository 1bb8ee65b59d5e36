"""Prometheus text, read back with the client library's own parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from pktvisor.engine.agent import Agent

from .conftest import ClientMaker, policy_document, tap_document

# What the ledger of a stream counts, each of which only grows.
LEDGER = (
    "received_packets",
    "kernel_dropped_packets",
    "interface_dropped_packets",
    "filtered_packets",
    "queue_dropped_packets",
    "processed_packets",
    "malformed_packets",
    "truncated_packets",
    "unsupported_packets",
    "replaced_timestamps",
    "batch_seconds",
    "handler_seconds",
    "handler_errors",
    "cpu_seconds",
)


@pytest.fixture
def counted(agent: Agent) -> Agent:
    document = json.loads(tap_document(count=150))
    document["visor"]["policies"] = {
        name: json.loads(policy_document(name))["visor"]["policies"][name]
        for name in ("default", "other")
    }
    agent.load(json.dumps(document))
    agent.join()
    return agent


def families(text: str) -> dict[str, Any]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_metrics_are_of_the_last_finished_period_of_the_default_policy(
    client: TestClient[Any], counted: Agent
) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    (sample,) = families(answer.text)["ticks_total"].samples
    assert (sample.labels, sample.value) == ({"policy": "default", "tap": "t"}, 60)


def test_metrics_of_a_policy_say_which_handler_they_are_of(
    client: TestClient[Any], counted: Agent
) -> None:
    text = client.get("/api/v1/policies/other/metrics/prometheus").text
    (sample,) = families(text)["ticks_total"].samples
    assert sample.labels == {"policy": "other", "handler": "other-t-c", "tap": "t"}


def test_metrics_of_all_policies_are_one_family(client: TestClient[Any], counted: Agent) -> None:
    text = client.get("/api/v1/policies/__all/metrics/prometheus").text
    assert text.count("# TYPE ticks_total ") == 1
    found = {sample.labels["policy"] for sample in families(text)["ticks_total"].samples}
    assert found == {"default", "other"}


def test_metrics_of_no_policy_are_not_found(client: TestClient[Any]) -> None:
    answer = client.get("/api/v1/policies/no/metrics/prometheus")
    assert (answer.status_code, answer.text) == (404, "policy does not exists")
    assert answer.headers["content-type"].startswith("text/plain")


def test_metrics_without_a_default_policy_are_those_of_the_agent(client: TestClient[Any]) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert all(name.startswith("pktvisor_") for name in families(answer.text))


@pytest.mark.parametrize("name", LEDGER)
def test_what_only_grows_is_a_counter_that_ends_in_total(
    client: TestClient[Any], counted: Agent, name: str
) -> None:
    text = client.get("/metrics").text
    assert f"# TYPE pktvisor_{name}_total counter\n" in text


def test_processed_packets_are_counted_by_stream(client: TestClient[Any], counted: Agent) -> None:
    (sample,) = families(client.get("/metrics").text)["pktvisor_processed_packets"].samples
    assert sample.value == 150
    assert sample.labels["input"] == "ticks"


def test_evictions_of_every_policy_and_handler_are_a_counter(
    client: TestClient[Any], counted: Agent
) -> None:
    text = client.get("/metrics").text
    assert "# TYPE pktvisor_evicted_entries_total counter\n" in text
    found = families(text)["pktvisor_evicted_entries"].samples
    assert {(s.labels["policy"], s.labels["handler"], s.labels["table"]) for s in found} == {
        ("default", "default-t-c", "metrics"),
        ("other", "other-t-c", "metrics"),
    }


def test_a_static_instance_is_on_every_line(client_of: ClientMaker, counted: Agent) -> None:
    client = client_of(static_labels={"instance": "edge-1"})
    for path in ("/metrics", "/api/v1/policies/__all/metrics/prometheus"):
        for family in families(client.get(path).text).values():
            for sample in family.samples:
                assert sample.labels["instance"] == "edge-1", sample
