"""What is said of types is all that they declare, and true of what they do."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator

from pktvisor import Plugins
from pktvisor.exposition.type_text import type_text
from pktvisor.reflection import Kind, config_schema, describe, overview

PLUGINS = Plugins()
KINDS: tuple[Kind, ...] = get_args(Kind)
TYPES = [(kind, name) for kind in KINDS for name in overview(PLUGINS, kind)]


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_the_schemas_of_every_installed_type_are_schemas(kind: Kind, name: str) -> None:
    for version in describe(PLUGINS, kind, name)["versions"].values():
        Draft7Validator.check_schema(version["config"])
        Draft7Validator.check_schema(version.get("json_schema", {}))


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_every_setting_of_an_installed_type_says_what_it_means(kind: Kind, name: str) -> None:
    for version in describe(PLUGINS, kind, name)["versions"].values():
        for key, about in version["config"]["properties"].items():
            assert about.get("description"), key
        assert version["description"]


@pytest.mark.parametrize("name", ["net", "dns"])
def test_every_metric_is_described_once_at_its_place(name: str) -> None:
    for number, version in describe(PLUGINS, "handler", name)["versions"].items():
        paths = []
        for metric in version["metrics"]:
            directions = metric["prometheus"]["labels"].get("direction", [""])
            paths += [metric["path"].replace("<direction>", side) for side in directions]
        declared = PLUGINS.handler(name, number).bucket.declared()
        assert sorted(paths) == sorted(".".join(path) for path, _ in declared)


def test_filters_and_settings_are_told_apart() -> None:
    version = describe(PLUGINS, "handler", "dns")["versions"]["1.0"]
    assert "only_qname" in version["filters"]
    assert "public_suffix_list" not in version["filters"]
    assert set(version["filters"]) < set(version["config"]["properties"])


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ({"iface": "eth0"}, True),
        ({"iface": "eth0", "snaplen": 96, "promiscuous": False}, True),
        ({"iface": "eth0", "snaplen": "large"}, False),
        ({"iface": "eth0", "sauce": "pcap"}, False),
    ],
)
def test_the_schema_of_settings_tells_good_from_bad(values: dict[str, Any], good: bool) -> None:
    assert Draft7Validator(config_schema(PLUGINS.input("pcap").config)).is_valid(values) is good


def test_an_input_that_takes_any_settings_says_so() -> None:
    schema = config_schema(PLUGINS.input("mock").config)
    assert Draft7Validator(schema).is_valid({"whatever": 1})
    assert list(schema["properties"]) == ["except_on_start"]


def test_a_type_says_which_plugin_it_is_from() -> None:
    plugin = describe(PLUGINS, "handler", "net")["versions"]["2.0"]["plugin"]
    assert plugin["distribution"] == "pktvisor-net"
    assert plugin["name"] == "net_handler"


def test_the_overview_has_every_version_and_the_one_taken_by_default() -> None:
    assert overview(PLUGINS, "handler")["dns"] == {
        "versions": ["1.0", "2.0"],
        "default_version": "1.0",
        "description": PLUGINS.handler("dns").doc,
    }


@pytest.mark.parametrize("kind", ["input", "handler"])
def test_an_unknown_name_is_refused_with_those_that_are_installed(kind: Kind) -> None:
    with pytest.raises(LookupError) as refused:
        describe(PLUGINS, kind, "carrots")
    assert f"no {kind} 'carrots' is installed; installed are: " in str(refused.value)
    assert ", ".join(overview(PLUGINS, kind)) in str(refused.value)


def test_the_text_has_every_metric_group_setting_and_family() -> None:
    described = describe(PLUGINS, "handler", "dns")
    lines = [line.strip() for line in type_text(described, 200).splitlines()]
    for version in described["versions"].values():
        for metric in version["metrics"]:
            assert metric["path"] in lines
            assert any(f" {metric['prometheus']['name']} (" in line for line in lines)
        for key in version["config"]["properties"]:
            assert key in lines
        for group, on in version["groups"].items():
            assert f"{group}: {'on' if on else 'off'}" in lines


def test_the_text_keeps_to_the_width_it_is_given() -> None:
    assert max(map(len, type_text(describe(PLUGINS, "input", "pcap"), 60).splitlines())) <= 60
