"""Any handler's JSON becomes figures by its shape; text from the network stays text."""

from __future__ import annotations

from pktvisor.tui import numbers
from pktvisor.tui.figures import Row, Spread, figures, merged_schemas
from pktvisor.tui.overview import lines, panels
from pktvisor.tui.view import View

UNKNOWN = {
    "period": {"start_ts": 100, "length": 60},
    "hellos": 7,
    "rates": {"pps": {"p50": 1, "p90": 2, "p95": 3, "p99": 4, "live": 5}},
    "in": {"top_names": [{"name": "a\x1b[2Jb", "estimate": 3}]},
    "sizes": {"buckets": {"10": 1, "+Inf": 2}},
}


def test_shapes_tell_counts_spreads_tables_and_histograms_apart() -> None:
    found = figures(UNKNOWN)
    assert found.counts == {"hellos": 7}
    assert found.spreads["rates.pps"] == Spread("rates.pps", (1, 2, 3, 4), 5)
    assert found.histograms == {"sizes": {"10": 1, "+Inf": 2}}
    assert (found.start_ts, found.length_s) == (100, 60)


def test_control_characters_in_a_name_are_written_out() -> None:
    assert figures(UNKNOWN).tables["in.top_names"].rows == (Row(r"a\x1b[2Jb", 3),)


def test_a_handler_nobody_knows_has_lines_and_tables_all_the_same() -> None:
    schemas = merged_schemas({"h": {"mine": UNKNOWN}})
    assert [line.title for line in lines(schemas)] == ["mine", "mine"]
    assert [panel.title for panel in panels(schemas)] == ["mine in top names"]


def test_two_handlers_of_one_schema_keep_apart() -> None:
    assert list(merged_schemas({"a": {"s": {"n": 1}}, "b": {"s": {"n": 2}}})) == ["s", "s (b)"]


def test_rows_are_filtered_whatever_their_case_and_sorted_as_asked() -> None:
    rows = [Row("b.Example", 1), Row("a.example", 2), Row("other", 9)]
    assert [r.name for r in View(needle="EXAMPLE").arranged(rows)] == ["a.example", "b.Example"]
    assert [r.name for r in View(order="name").arranged(rows)] == [
        "a.example",
        "b.Example",
        "other",
    ]


def test_numbers_are_written_for_people() -> None:
    assert [numbers.compact(n) for n in (7, 999, 1234, 56789, 3e6)] == [
        "7",
        "999",
        "1.2k",
        "56.8k",
        "3.0M",
    ]
    assert numbers.percent(1, 3) == "33.3%"
    assert numbers.percent(1, 0) == ""
    assert numbers.bar(0.5, 4) == "██  "
