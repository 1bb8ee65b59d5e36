"""A real daemon keeps what its own OpenAPI document promises, whatever it is asked.

Requests are made from the document by schemathesis: no 5xx but those that are documented, no other
status, content type or header than documented, and bodies as their schemas say.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.e2e.daemons import Daemon, Starter
from tests.e2e.test_daemon import POLICY

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 25
STOPS = ("delete", "/api/v1/server")
# For each place in a path what is there, which the fixture made, and then what is not.
KNOWN: dict[str, list[Any]] = {
    "name": ["default", "__all", "gone", "%00", "ü", "a b"],
    "input_type": ["mock", "pcap", "gone"],
    "handler_type": ["net", "dns", "gone"],
    "handler": ["default", "gone"],
    "period": [0, 1, 4, 5, 2**63, -1],
    "count": [2, 0, 5, 6, 2**64],
}
BROKEN: list[Any] = [
    None,
    True,
    0,
    -1,
    10**25,
    "",
    "\0",
    "9" * 4400,
    "none",
    [],
    {},
    ["x"],
    {"x": {}},
    1.5,
]


@pytest.fixture
def daemon(start: Starter, tmp_path: Path) -> Daemon:
    config = tmp_path / "policy.yaml"
    config.write_text(
        (POLICY % "default").replace("m: {", "default: {").replace("tap: m", "tap: default")
    )
    running = start("--full-api", "--config", str(config))
    for path in ("/api/v1/inputs/mock", "/api/v1/inputs/mock/default/handlers/net"):
        assert running.client.post(path, json={"name": "default"}).status_code == 200
    return running


def operations(daemon: Daemon) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{daemon.client.base_url}/openapi.json")
    found: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    assert STOPS in [(operation.method, operation.path) for operation in found]
    return [o for o in found if (o.method, o.path) != STOPS]


def try_all(daemon: Daemon, cases: st.SearchStrategy[Any]) -> set[int]:
    """Send what a strategy makes and hold the answers against the document; the statuses seen."""
    seen: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def attempt(case: Any) -> None:
        seen.add(case.call_and_validate(checks=CHECKS, timeout=30).status_code)

    attempt()
    assert daemon.process.poll() is None
    assert "Traceback" not in daemon.log.read_text()
    return seen


def test_requests_made_from_the_document_are_answered_as_it_says(daemon: Daemon) -> None:
    for operation in operations(daemon):
        try_all(daemon, operation.as_strategy())


def test_requests_for_what_is_there_are_answered_as_the_document_says(daemon: Daemon) -> None:
    for operation in operations(daemon):
        right = there(operation)

        @st.composite
        def known(draw: Callable[..., Any], made: Any = operation, names: Any = right) -> Any:
            case = draw(made.as_strategy())
            other = draw(st.sampled_from(sorted(names)))
            case.path_parameters = {**names, other: draw(st.sampled_from(KNOWN[other]))}
            return case

        if right and operation.method == "get":
            assert 200 in try_all(daemon, known()), operation.path


def test_almost_good_documents_are_answered_as_the_document_says(daemon: Daemon) -> None:
    """The document's own examples, as they are or with one place in them replaced."""
    made_by = [o for o in operations(daemon) if o.method == "post"]
    for operation in sorted(made_by, key=lambda o: o.path, reverse=True):  # taps before policies
        media = operation.definition.raw["requestBody"]["content"]["application/json"]
        places = list(paths(media["example"]))

        @st.composite
        def bent(
            draw: Callable[..., Any],
            made: Any = operation,
            example: Any = media["example"],
            where: Any = places,
        ) -> Any:
            case = draw(made.as_strategy())
            case.media_type = "application/json"
            case.body = example
            if draw(st.booleans()):
                place, value = draw(st.sampled_from(where)), draw(st.sampled_from(BROKEN))
                case.body = changed(example, place, value)
            case.path_parameters = there(made)
            return case

        seen = try_all(daemon, bent())
        assert 400 in seen
        assert seen & {200, 201} or operation.path == "/api/v1/inputs/{input_type}", operation.path


def there(operation: Any) -> dict[str, Any]:
    """Parameters of a path that lead to something."""
    return {name: known[0] for name, known in KNOWN.items() if f"{{{name}}}" in operation.path}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Every place in a document."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from paths(inner, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return value
    result = copy.deepcopy(document)
    place = result
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return result
