"""What handlers show of real captures validates against the schema of their declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from pktvisor.exposition.json import bucket_json
from pktvisor.exposition.schema import bucket_schema, families
from pktvisor.plugins import Plugins

from .captured import HOSTS, SHARED, needs_captures, run

HANDLERS = [("net", "1.0"), ("net", "2.0"), ("dns", "1.0"), ("dns", "2.0")]


@needs_captures
@pytest.mark.parametrize(("handler", "version"), HANDLERS)
@pytest.mark.parametrize("groups", ["default", "all"])
@pytest.mark.parametrize("capture", ["dns_udp_tcp_random", "ecs", "dhcpv6"])
def test_what_a_capture_shows_validates(
    handler: str, version: str, groups: str, capture: str
) -> None:
    enable = ("all",) if groups == "all" else ()
    bucket = run(capture, handler, version, enable=enable, host_spec=HOSTS, geo=True)
    schema = bucket_schema(type(bucket), bucket.settings.groups)
    problems = [e.message for e in Draft7Validator(schema).iter_errors(bucket_json(bucket))]
    assert problems == []


@needs_captures
@pytest.mark.parametrize(("handler", "version"), HANDLERS)
def test_what_the_original_answers_validates(handler: str, version: str) -> None:
    name = f"{handler}{version[0]}"
    schema = bucket_schema(Plugins().handler(handler, version).bucket)
    problems = {}
    for path in (SHARED / "reference" / "handlers").glob(f"*.{name}*.json"):
        (answer,) = json.loads(path.read_text())[name].values()
        problems[path.name] = [e.message for e in Draft7Validator(schema).iter_errors(answer)]
    assert {path: found for path, found in problems.items() if found} == {}


@needs_captures
@pytest.mark.parametrize(("handler", "version"), HANDLERS)
def test_every_family_the_original_shows_is_declared_with_its_type(
    handler: str, version: str
) -> None:
    name = f"{handler}{version[0]}"
    declared = {
        family: metric.prometheus_type
        for family, metric in families(Plugins().handler(handler, version).bucket)
    }
    theirs: dict[str, str] = {}
    for path in (SHARED / "reference" / "handlers").glob(f"*.{name}.prom.txt"):
        theirs |= _types(path)
    assert theirs.items() <= declared.items()


def _types(path: Path) -> dict[str, str]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[2]: words[3] for words in lines if words[:2] == ["#", "TYPE"]}
