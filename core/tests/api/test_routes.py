"""What each route answers, over a made-up input whose figures are known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from pktvisor import __version__
from pktvisor.engine.agent import Agent

from .conftest import START_S, ClientMaker, policy_document, tap_document

JSON = {"content-type": "application/json"}
TAP = {
    "config": {"count": 150},
    "input_type": "ticks",
    "interface": "visor.module.input/1.0",
    "tags": None,
}


@pytest.fixture
def counted(agent: Agent) -> Agent:
    """150 ticks, one a second: two whole periods and 30 s of a third, in two policies."""
    document = json.loads(tap_document(count=150))
    document["visor"]["policies"] = {
        name: json.loads(policy_document(name))["visor"]["policies"][name]
        for name in ("default", "other")
    }
    agent.load(json.dumps(document))
    agent.join()
    return agent


def posted(client: TestClient[Any], what: str, body: bytes) -> Any:
    return client.post(f"/api/v1/{what}", content=body, headers=JSON)


def test_the_app_route_tells_version_and_minutes(client: TestClient[Any]) -> None:
    app = client.get("/api/v1/metrics/app").json()["app"]
    assert app["version"] == __version__
    assert 0 <= app["up_time_min"] < 1


def test_answers_are_compact_json_with_sorted_keys(client: TestClient[Any]) -> None:
    answer = client.get("/api/v1/metrics/rates")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.startswith('{"packets":{"in":0,"out":0},"warning":"')


def test_bucket_of_the_default_policy_has_the_period_on_top(
    client: TestClient[Any], counted: Agent
) -> None:
    answer = client.get("/api/v1/metrics/bucket/1").json()
    period = {"length": 60, "start_ts": START_S + 60}
    assert answer == {
        "1m": {"period": period, "ticks": {"total": 60, "top_kinds": [], "period": period}}
    }


def test_window_of_the_default_policy_merges_periods(
    client: TestClient[Any], counted: Agent
) -> None:
    answer = client.get("/api/v1/metrics/window/3").json()
    assert answer["3m"]["ticks"]["total"] == 150
    assert set(answer["3m"]) == {"ticks"}


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("bucket/3", 425, "[0, 2]"),
        ("bucket/5", 400, "invalid metrics period, specify [0, 4]"),
        ("bucket/99999999999999999999999", 400, "[0, 4]"),
        ("window/1", 400, "invalid metrics period, specify [2, 5]"),
        ("window/6", 400, "invalid metrics period, specify [2, 5]"),
    ],
)
def test_a_period_that_is_not_there_is_refused_with_the_range(
    client: TestClient[Any], counted: Agent, path: str, status: int, text: str
) -> None:
    answer = client.get(f"/api/v1/metrics/{path}")
    assert answer.status_code == status
    assert text in answer.json()["error"]
    number = path.partition("/")[2] if path.startswith("window") else "1"
    assert answer.json()[f"{number}m"] is None


@pytest.mark.parametrize("path", ["bucket/0", "window/2"])
def test_without_a_default_policy_the_old_routes_find_nothing(
    client: TestClient[Any], path: str
) -> None:
    answer = client.get(f"/api/v1/metrics/{path}")
    assert answer.status_code == 404
    assert "default" in answer.json()["error"]


def test_bucket_of_a_policy_is_by_policy_handler_and_schema(
    client: TestClient[Any], counted: Agent
) -> None:
    answer = client.get("/api/v1/policies/other/metrics/bucket/0").json()
    assert answer["other"]["other-t-c"]["ticks"]["total"] == 30


@pytest.mark.parametrize("path", ["bucket/3", "bucket/9", "window/0", "window/99"])
def test_a_policy_without_the_period_is_too_early(
    client: TestClient[Any], counted: Agent, path: str
) -> None:
    answer = client.get(f"/api/v1/policies/other/metrics/{path}")
    assert answer.status_code == 425
    assert answer.json()["other"] == {"other-t-c": None}
    assert "specify [" in answer.json()["error"]


def test_every_policy_answers_under_all(client: TestClient[Any], counted: Agent) -> None:
    answer = client.get("/api/v1/policies/__all/metrics/window/2").json()
    assert set(answer) == {"default", "other"}


def test_under_all_policies_without_the_period_are_left_out(
    client: TestClient[Any], counted: Agent
) -> None:
    answer = client.get("/api/v1/policies/__all/metrics/bucket/4")
    assert (answer.status_code, answer.json()) == (200, {})


def test_a_handler_with_all_groups_off_is_not_shown(client: TestClient[Any], agent: Agent) -> None:
    agent.load(tap_document())
    off = {"c": {"type": "count", "metric_groups": {"disable": ["all"]}}}
    agent.load(policy_document(modules=off))
    agent.join()
    assert client.get("/api/v1/policies/p/metrics/bucket/0").json() == {"p": {}}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/v1/policies/no", "policy does not exists"),
        ("/api/v1/policies/no/metrics/bucket/0", "policy does not exist"),
        ("/api/v1/policies/no/metrics/window/2", "policy does not exist"),
        ("/api/v1/taps/no", "tap does not exists"),
    ],
)
def test_what_does_not_exist_is_answered_in_the_words_clients_know(
    client: TestClient[Any], path: str, text: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": text})


def test_no_taps_are_null_and_no_policies_an_empty_object(client: TestClient[Any]) -> None:
    assert client.get("/api/v1/taps").text == "null"
    assert client.get("/api/v1/policies").text == "{}"


def test_a_posted_tap_is_created_and_read_back(client: TestClient[Any]) -> None:
    made = posted(client, "taps", tap_document(count=150))
    assert (made.status_code, made.json()) == (201, {"t": TAP})
    assert client.get("/api/v1/taps/t").json() == {"t": TAP}
    assert client.get("/api/v1/taps").json() == {"t": TAP}


def test_a_tap_is_deleted_once(client: TestClient[Any]) -> None:
    posted(client, "taps", tap_document())
    gone = client.delete("/api/v1/taps/t")
    assert (gone.status_code, gone.json()) == (200, {})
    assert client.delete("/api/v1/taps/t").status_code == 404


def test_a_posted_policy_runs_and_is_read_back(client: TestClient[Any], agent: Agent) -> None:
    posted(client, "taps", tap_document())
    made = posted(client, "policies", policy_document())
    assert made.status_code == 201
    agent.join()
    found = client.get("/api/v1/policies/p").json()["p"]
    assert set(found) == {"taps", "input", "modules"}
    assert found["modules"]["p-t-c"]["module"]["type"] == "ticks"
    assert (
        client.get("/api/v1/policies/p/metrics/bucket/0").json()["p"]["p-t-c"]["ticks"]["total"]
        == 10
    )


def test_a_policy_is_deleted_once(client: TestClient[Any]) -> None:
    posted(client, "taps", tap_document())
    posted(client, "policies", policy_document())
    gone = client.delete("/api/v1/policies/p")
    assert (gone.status_code, gone.json()) == (200, {})
    assert client.delete("/api/v1/policies/p").status_code == 404
    assert client.get("/api/v1/policies").json() == {}


@pytest.mark.parametrize("what", ["taps", "policies"])
def test_a_name_that_is_there_is_a_conflict(client: TestClient[Any], what: str) -> None:
    body = {"taps": tap_document(), "policies": policy_document()}
    posted(client, "taps", body["taps"])
    posted(client, what, body[what])
    again = posted(client, what, body[what])
    assert again.status_code == 409
    assert "already" in again.json()["error"]


def test_a_selector_that_matches_nothing_is_told_apart(client: TestClient[Any]) -> None:
    body = policy_document().replace(b'"tap": "t"', b'"tap_selector": {"any": [{"a": "b"}]}')
    answer = posted(client, "policies", body)
    text = "no tap match found for specified 'input.tap_selector' tags"
    assert (answer.status_code, answer.json()) == (422, {"error": text})


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"hello", "visor"),
        (b"{", "not YAML"),
        (policy_document(tap="nope"), "nope"),
        (policy_document(modules={"c": {"type": "nope"}}), "nope"),
        (policy_document(modules={"c": {"type": "count", "config": {"x": "1"}}}), "x"),
        (policy_document(name="9 bad"), "9 bad"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_bad_policy_is_a_bad_request_and_changes_nothing(
    client: TestClient[Any], body: bytes, word: str
) -> None:
    posted(client, "taps", tap_document())
    answer = posted(client, "policies", body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert client.get("/api/v1/policies").json() == {}


def test_an_input_that_cannot_be_opened_is_a_bad_request(client: TestClient[Any]) -> None:
    posted(client, "taps", tap_document(count=99))
    answer = posted(client, "policies", policy_document())
    assert answer.status_code == 400
    assert "not allowed to count to 99" in answer.json()["error"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (None, "missing"),
        ("text/plain", "not supported"),
        ("application/x-www-form-urlencoded", "not supported"),
        ("multipart/form-data; boundary=x", "not supported"),
        ("application/json; charset=latin-1", "not supported"),
    ],
)
def test_a_write_in_a_type_any_web_page_may_send_is_refused(
    client: TestClient[Any], given: str | None, word: str
) -> None:
    headers = {} if given is None else {"content-type": given}
    answer = client.post("/api/v1/taps", content=tap_document(), headers=headers)
    assert answer.status_code == 400
    assert f"Content-Type {word}" in answer.json()["error"]


@pytest.mark.parametrize(
    "given", ["application/x-yaml", "application/yaml", "application/json; charset=UTF-8"]
)
def test_yaml_and_json_are_taken(client: TestClient[Any], given: str) -> None:
    answer = client.post("/api/v1/taps", content=tap_document(), headers={"content-type": given})
    assert answer.status_code == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_refused_by_size(client: TestClient[Any], chunked: bool) -> None:
    body = b" " * (256 * 1024 + 1)
    content: Any = iter([body]) if chunked else body
    answer = client.post("/api/v1/taps", content=content, headers=JSON)
    assert answer.status_code == 413
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/taps"),
        ("DELETE", "/api/v1/taps/t"),
        ("POST", "/api/v1/policies"),
        ("DELETE", "/api/v1/policies/default"),
        ("DELETE", "/api/v1/server"),
        ("POST", "/api/v1/inputs/ticks"),
        ("DELETE", "/api/v1/inputs/ticks/x"),
        ("PUT", "/api/v1/taps"),
        ("GET", "/"),
        ("GET", "/api/v1/nope"),
        ("GET", "/api/v1/metrics/bucket/one"),
        ("POST", "/api/v1/metrics/app"),
    ],
)
def test_without_writes_what_would_change_something_is_not_there(
    client_of: ClientMaker, counted: Agent, method: str, path: str
) -> None:
    answer = client_of(writes=False).request(method, path, content=tap_document(), headers=JSON)
    assert (answer.status_code, answer.content) == (404, b"")
    assert counted.policy_names() == ["default", "other"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/metrics/app",
        "/api/v1/metrics/bucket/0",
        "/metrics",
        "/api/v1/taps",
        "/api/v1/policies/default",
        "/api/v1/policies/default/metrics/prometheus",
        "/health",
        "/openapi.json",
        "/docs",
    ],
)
def test_head_answers_as_get_without_a_body(
    client: TestClient[Any], counted: Agent, path: str
) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


def test_the_server_is_stopped_by_delete(client_of: ClientMaker) -> None:
    stopped = []
    answer = client_of(stop=lambda: stopped.append(True)).delete("/api/v1/server")
    assert (answer.status_code, answer.content, stopped) == (200, b"", [True])


def test_health_shows_each_input_with_its_ledger(client: TestClient[Any], counted: Agent) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    health = answer.json()
    assert health["alive"]
    assert health["ready"]
    (found,) = health["inputs"].values()
    assert found["processed"] == 150
    assert {handler["name"] for handler in found["handlers"]} == {"default-t-c", "other-t-c"}


def test_plugins_are_listed_with_what_they_offer(client: TestClient[Any]) -> None:
    (plugin,) = client.get("/api/v1/plugins").json()
    assert plugin["provides"] == ["input ticks 1.0", "handler count 1.0"]


@pytest.mark.parametrize(
    ("config", "word"), [({"file": "/etc/passwd"}, "/etc/passwd"), ({"bind": "192.0.2.9"}, "192")]
)
def test_a_posted_tap_reaches_only_what_is_allowed(
    client: TestClient[Any], config: dict[str, Any], word: str
) -> None:
    answer = posted(client, "taps", tap_document(**config))
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert client.get("/api/v1/taps").json() is None


@pytest.mark.parametrize("config", [{"file": "/srv/x"}, {"bind": "192.0.2.1"}, {"bind": "::1"}])
def test_a_posted_tap_reaches_what_is_allowed(
    client: TestClient[Any], config: dict[str, Any]
) -> None:
    assert posted(client, "taps", tap_document(**config)).status_code == 201


def test_a_path_that_climbs_out_of_an_allowed_folder_is_refused(client: TestClient[Any]) -> None:
    answer = posted(client, "taps", tap_document(file="/srv/../etc/passwd"))
    assert answer.status_code == 400


def test_a_write_without_the_token_is_refused(client_of: ClientMaker, agent: Agent) -> None:
    client = client_of(token="s3cret")
    assert posted(client, "taps", tap_document()).status_code == 401
    assert agent.tap_info() == {}
    client.headers["authorization"] = "Bearer s3cret"
    assert posted(client, "taps", tap_document()).status_code == 201
