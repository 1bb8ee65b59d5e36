"""The routes that say which types are installed, and what each declares."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from pktvisor.reflection import Kind, describe

from .conftest import ClientMaker, tick_plugins


def test_inputs_and_handlers_are_listed_by_name(client: TestClient[Any]) -> None:
    short = {"versions": ["1.0"], "default_version": "1.0", "description": ""}
    assert client.get("/api/v1/inputs").json() == {"ticks": short}
    assert client.get("/api/v1/handlers").json() == {"count": short}


@pytest.mark.parametrize(("kind", "name"), [("input", "ticks"), ("handler", "count")])
@pytest.mark.parametrize("writes", [False, True])
def test_one_level_below_is_all_that_a_type_declares(
    client_of: ClientMaker, kind: Kind, name: str, writes: bool
) -> None:
    answer = client_of(writes=writes).get(f"/api/v1/{kind}s/{name}")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(describe(tick_plugins(), kind, name)))


def test_a_handler_shows_its_groups_and_metrics(client: TestClient[Any]) -> None:
    version = client.get("/api/v1/handlers/count").json()["versions"]["1.0"]
    assert version["accepts"] == ["Ticks"]
    assert version["groups"] == {"counters": True}
    assert version["metrics"][1] == {
        "path": "top_kinds",
        "kind": "top_n",
        "description": "Kinds of ticks",
        "unit": "",
        "groups": [],
        "deep_sampled": False,
        "prometheus": {"name": "ticks_top_kinds", "type": "gauge", "labels": {"kind": None}},
    }
    assert version["plugin"] == {"name": "ticks", "distribution": "tests", "version": "1.0"}


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("inputs/count", "no input 'count' is installed; installed are: ticks"),
        ("handlers/ticks", "no handler 'ticks' is installed; installed are: count"),
    ],
)
def test_an_unknown_type_is_refused_with_those_there_are(
    client: TestClient[Any], path: str, error: str
) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (404, {"error": error})
