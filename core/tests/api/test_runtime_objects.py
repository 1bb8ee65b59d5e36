"""Inputs and handlers by name, as the original's 3.x API has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from pktvisor.engine.agent import Agent

from .conftest import START_S

INPUT = "/api/v1/inputs/ticks/in1"
HANDLER = f"{INPUT}/handlers/count/h1"


def post(client: TestClient[Any], path: str, **body: Any) -> Any:
    return client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})


@pytest.fixture
def ticking(client: TestClient[Any]) -> TestClient[Any]:
    """A client of an agent with input in1, whose ten ticks handler h1 may count."""
    assert post(client, "/api/v1/inputs/ticks", name="in1", count=10).status_code == 200
    return client


def test_an_input_is_made_and_described(client: TestClient[Any]) -> None:
    made = post(client, "/api/v1/inputs/ticks", name="in1", count=10)
    assert made.status_code == 200
    assert made.json()["module"] == {"config": {"count": 10}, "name": "in1"}
    assert client.get(INPUT).json()["module"] == made.json()["module"]


def test_a_handler_is_attached_with_its_periods(ticking: TestClient[Any]) -> None:
    made = post(ticking, f"{INPUT}/handlers/count", name="h1", periods=3, deep_sample_rate="50")
    assert made.status_code == 200
    assert made.json() == {"deep_sample_rate": 50, "name": "h1", "periods": 3}


def test_a_handler_is_described_and_its_periods_read(ticking: TestClient[Any]) -> None:
    post(ticking, f"{INPUT}/handlers/count", name="h1")
    assert ticking.get(HANDLER).json()["module"]["type"] == "ticks"
    bucket = ticking.get(f"{HANDLER}/bucket/0").json()
    assert set(bucket) == {"1m"}
    assert set(bucket["1m"]["ticks"]) == {"period", "top_kinds", "total"}


def test_what_was_made_can_be_removed_again(ticking: TestClient[Any], agent: Agent) -> None:
    post(ticking, f"{INPUT}/handlers/count", name="h1")
    busy = ticking.delete(INPUT)
    assert busy.status_code == 400
    assert "1 consumers" in busy.json()["error"]
    for path in (HANDLER, INPUT):
        gone = ticking.delete(path)
        assert (gone.status_code, gone.text) == (200, "null")
        assert ticking.get(path).status_code == 404
    assert agent.streams() == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "name"),
        ({"name": "in1"}, "already"),
        ({"name": "a b"}, "a b"),
        ({"name": "x", "nope": 1}, "nope"),
        ({"name": "x", "count": 13}, "bad luck"),
        ({"name": "x", "count": 99}, "not allowed to count"),
        ({"name": "x", "file": "/etc/passwd"}, "/etc/passwd"),
    ],
)
def test_a_bad_input_is_a_bad_request(
    ticking: TestClient[Any], body: dict[str, Any], word: str
) -> None:
    answer = post(ticking, "/api/v1/inputs/ticks", **body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert ticking.get("/api/v1/inputs/ticks/x").status_code == 404


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "name"),
        ({"name": "h1", "periods": "many"}, "periods"),
        ({"name": "h1", "nope": 1}, "nope"),
        ({"name": "h1", "config": {"nope": 1}}, "nope"),
    ],
)
def test_a_bad_handler_is_a_bad_request(
    ticking: TestClient[Any], body: dict[str, Any], word: str
) -> None:
    answer = post(ticking, f"{INPUT}/handlers/count", **body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert ticking.get(HANDLER).status_code == 404


@pytest.mark.parametrize("path", ["inputs/nope", "inputs/ticks/in1/handlers/nope"])
def test_a_type_that_is_not_installed_is_named(ticking: TestClient[Any], path: str) -> None:
    answer = post(ticking, f"/api/v1/{path}", name="x")
    assert answer.status_code == 400
    assert "nope" in answer.json()["error"]


def test_a_handler_of_another_type_is_told_apart(ticking: TestClient[Any]) -> None:
    post(ticking, f"{INPUT}/handlers/count", name="h1")
    answer = ticking.get(f"{INPUT}/handlers/other/h1")
    assert answer.status_code == 400
    assert "count" in answer.json()["error"]


def test_an_input_is_only_there_under_its_type(ticking: TestClient[Any]) -> None:
    assert ticking.get("/api/v1/inputs/other/in1").status_code == 404


def test_a_period_that_cannot_be_is_refused(ticking: TestClient[Any]) -> None:
    post(ticking, f"{INPUT}/handlers/count", name="h1")
    assert ticking.get(f"{HANDLER}/bucket/7").status_code == 400
    assert ticking.get(f"{HANDLER}/bucket/3").status_code == 425


def test_a_bucket_starts_with_the_first_tick(ticking: TestClient[Any], agent: Agent) -> None:
    agent.join()
    post(ticking, f"{INPUT}/handlers/count", name="late")
    bucket = ticking.get(f"{INPUT}/handlers/count/late/bucket/0").json()["1m"]["ticks"]
    assert bucket["period"]["start_ts"] >= START_S
