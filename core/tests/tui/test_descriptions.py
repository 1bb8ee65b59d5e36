"""What the agent says of metrics nobody here knows labels and groups them."""

from __future__ import annotations

from pktvisor.tui.descriptions import Described, described, descriptions
from pktvisor.tui.figures import merged_schemas
from pktvisor.tui.overview import gauges, lines, panels


def metric(path: str, description: str, unit: str = "", group: str = "") -> dict[str, object]:
    groups = [group] if group else []
    return {"path": path, "description": description, "unit": unit, "groups": groups}


HELLOS = {
    "versions": {
        "1.0": {
            "schema": "hello",
            "metrics": [
                metric("n", "Count of ClientHello messages"),
                metric("c", "Count of SSL 3", group="old"),
                metric("b", "Count of TLS 1.0", group="old"),
                metric("a", "Count of TLS 1.1", group="old"),
                metric("size", "Sizes of messages", "bytes"),
                metric("<direction>.seen", "Count of sightings"),
            ],
        }
    }
}
FIGURES = {"n": 7, "a": 1, "b": 2, "c": 3, "size": {"p50": 1, "p90": 2, "p95": 3, "p99": 4}}


def test_counts_are_grouped_by_metric_group_in_the_order_they_are_declared() -> None:
    schemas = merged_schemas({"h": {"hello": FIGURES}}, descriptions([HELLOS]))
    shown = {panel.title: [row.name for row in panel.rows] for panel in panels(schemas)}
    assert shown == {"hello": ["n"], "hello old": ["c", "b", "a"]}
    assert [line.title for line in lines(schemas)] == ["hello", "hello old"]
    assert panels(schemas)[0].rows[0].about == "Count of ClientHello messages"


def test_what_is_distinct_is_not_summed_over_periods() -> None:
    figures = {"cardinality": {"names": 2}, "a": 1}
    (panel,) = panels(merged_schemas({"h": {"hello": figures}}))
    assert {row.name: row.adds for row in panel.rows} == {"cardinality names": False, "a": True}


def test_a_gauge_has_the_unit_the_agent_tells() -> None:
    (gauge,) = gauges(merged_schemas({"h": {"hello": FIGURES}}, descriptions([HELLOS])))
    assert (gauge.label, gauge.unit) == ("hello size bytes", "bytes")


def test_a_label_in_a_path_stands_for_any_of_its_values() -> None:
    known = descriptions([HELLOS])["hello"]
    assert described(known, "in.seen") == Described("Count of sightings")
    assert described(known, "in.unseen") is None


def test_an_agent_that_describes_nothing_has_its_paths_as_words() -> None:
    schemas = merged_schemas({"h": {"hello": {"first_seen": 1}}}, descriptions([]))
    assert panels(schemas)[0].rows[0].name == "first seen"
