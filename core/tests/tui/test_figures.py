"""Any handler's JSON becomes figures by its shape; text from the network stays text."""

from __future__ import annotations

from pktvisor.tui.figures import Row, Spread, figures, merged_schemas
from pktvisor.tui.overview import gauges, lines, panels
from pktvisor.tui.view import View

UNKNOWN = {
    "period": {"start_ts": 100, "length": 60},
    "hellos": 7,
    "rates": {"pps": {"p50": 1, "p90": 2, "p95": 3, "p99": 4, "live": 5}},
    "in": {"top_names": [{"name": "a\x1b[2Jb", "estimate": 3}], "udp": 1, "tcp": 2, "dot": 3},
    "cardinality": {"names": 9},
    "sizes": {"buckets": {"100": 4, "10": 1, "12": 1, "+Inf": 6}},
}


def test_shapes_tell_counts_spreads_tables_and_histograms_apart() -> None:
    found = figures(UNKNOWN)
    assert found.counts["hellos"] == 7
    assert found.spreads["rates.pps"] == Spread("rates.pps", (1, 2, 3, 4), 5)
    assert (found.start_ts, found.length_s) == (100, 60)


def test_a_histogram_shows_how_many_are_in_each_range_and_leaves_out_empty_ones() -> None:
    rows = figures(UNKNOWN).rows("histogram", "sizes")
    assert rows == (Row("≤ 10", 1), Row("≤ 100", 3), Row("more", 2))


def test_counts_of_a_level_are_a_group_unless_they_are_fewer_than_three() -> None:
    found = figures(UNKNOWN)
    assert found.rows("counts", "in") == (Row("udp", 1), Row("tcp", 2), Row("dot", 3))
    assert found.rows("counts", "") == (Row("hellos", 7), Row("cardinality names", 9, adds=False))


def test_control_characters_in_a_name_are_written_out() -> None:
    assert figures(UNKNOWN).rows("table", "in.top_names") == (Row(r"a\x1b[2Jb", 3),)


def test_a_handler_nobody_knows_has_lines_gauges_and_tables_all_the_same() -> None:
    schemas = merged_schemas({"h": {"mine": UNKNOWN}})
    assert [line.title for line in lines(schemas)] == ["mine", "mine in"]
    assert [gauge.label for gauge in gauges(schemas)] == ["mine rates pps"]
    titles = [panel.title for panel in panels(schemas)]
    assert titles == ["mine", "mine in", "mine in names", "mine sizes"]


def test_two_handlers_of_one_schema_keep_apart() -> None:
    assert list(merged_schemas({"a": {"s": {"n": 1}}, "b": {"s": {"n": 2}}})) == ["s", "s (b)"]


def test_the_second_handler_of_a_known_schema_is_known_too() -> None:
    packets = {"events": 1, "total": 1, "top_ipv4": [{"name": "192.0.2.1", "estimate": 1}]}
    schemas = merged_schemas({"a": {"packets": packets}, "b": {"packets": packets}})
    assert [panel.title for panel in panels(schemas)] == ["IPv4", "IPv4 (b)"]


def test_tables_without_rows_come_last() -> None:
    dns = {"wire_packets": {"events": 1}, "top_qname2": [], "top_qtype": [_row("A", 1)]}
    found = panels(merged_schemas({"h": {"dns": dns}}))
    assert [panel.title for panel in found] == ["QTypes", "QName 2"]


def test_rows_are_filtered_whatever_their_case_and_sorted_as_asked() -> None:
    rows = [Row("b.Example", 1), Row("a.example", 2), Row("other", 9)]
    assert [r.name for r in View(needle="EXAMPLE").arranged(rows)] == ["a.example", "b.Example"]
    by_name = View(order="name").arranged(rows)
    assert [r.name for r in by_name] == ["a.example", "b.Example", "other"]


def test_a_rate_that_says_what_another_says_is_shown_once() -> None:
    rate = {"p50": 1, "p90": 2, "p95": 3, "p99": 4, "live": 5}
    packets = {"events": 1, "rates": {"pps_total": rate, "pps_events": rate}}
    assert [g.label for g in gauges(merged_schemas({"h": {"packets": packets}}))] == ["packets/s"]
    packets["rates"] = {"pps_total": rate, "pps_events": {**rate, "p99": 9}}  # some are filtered
    shown = [g.label for g in gauges(merged_schemas({"h": {"packets": packets}}))]
    assert shown == ["packets/s", "events/s"]


def test_counts_keep_their_own_order() -> None:
    rows = [Row("udp", 1), Row("tcp", 2)]
    assert View().arranged(rows, "counts") == rows


def _row(name: str, estimate: int) -> dict[str, object]:
    return {"name": name, "estimate": estimate}
