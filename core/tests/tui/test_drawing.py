"""Lines and gauges fit the width they get; what yields does so by rank."""

from __future__ import annotations

import pytest

from pktvisor.tui import numbers
from pktvisor.tui.drawing import draw_gauges, draw_lines
from pktvisor.tui.figures import Spread
from pktvisor.tui.layout import Tiles, tiles
from pktvisor.tui.parts import Cell, Gauge, Line
from pktvisor.tui.title_bar import fitted
from pktvisor.tui.view import View

LINE = Line("Packets", (Cell("", 1234), Cell("UDP", 1000, 1234), Cell("deep", 7, 1234, 1)))


def drawn(width: int, view: View | None = None) -> str:
    (text,) = draw_lines([LINE], width, view or View())
    return text.plain


def test_a_line_with_room_has_every_count_and_share() -> None:
    assert drawn(80) == "Packets   1.2k  UDP  1.0k 81.0%  deep     7  0.6%"


def test_minor_figures_yield_first_then_counts_that_have_a_share() -> None:
    assert drawn(40) == "Packets   1.2k  UDP  1.0k 81.0%"
    assert drawn(28) == "Packets   1.2k  UDP 81.0%"


def test_every_figure_of_a_long_line_is_drawn_where_there_is_room() -> None:
    line = Line("hello", tuple(Cell(f"n{place}", place, 0, place) for place in range(12)))
    (wide,) = draw_lines([line], 200, View())
    (narrow,) = draw_lines([line], 60, View())
    assert wide.plain == "hello" + "".join(f"  n{place} {place}" for place in range(12))
    assert narrow.plain == "hello" + "".join(f"  n{place} {place}" for place in range(9))


@pytest.mark.parametrize("width", range(1, 60))
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    assert len(drawn(width)) <= width


def test_without_shares_and_short_units_the_digits_are_all_there() -> None:
    view = View(percentages=False, short_units=False)
    assert drawn(80, view) == "Packets  1,234  UDP 1,000  deep     7"


RATE = Gauge("a", "packets/s", "pps", Spread("a", (1, 2, 3, 4), 5))
LATENCY = Gauge("b", "in ms", "ms", Spread("b", (0.25, 1.5, 20, 1500)))
SLOWER = Gauge("c", "out ms", "ms", Spread("c", (1.5, 20, 1500, 15000)), 1)


def test_a_rate_ends_in_its_history_and_a_latency_in_a_bar_of_its_quantiles() -> None:
    rows = [row.plain for row in draw_gauges([RATE, LATENCY], 50, 4, {"a": [1, 2, 4]})]
    assert rows[0].split() == ["now", "p50", "p90", "p95", "p99"]
    assert rows[1].split() == ["packets/s", "5", "1", "2", "3", "4", "▃▅█"]
    assert rows[2].split()[:6] == ["in", "ms", "0.2", "1.5", "20", "1.5k"]
    assert rows[2].rstrip()[-1] == "░"


def test_bars_of_one_unit_share_a_scale() -> None:
    _, fast, slow = draw_gauges([LATENCY, SLOWER], 57, 4)
    assert len(fast.plain.rstrip()) < len(slow.plain.rstrip()) <= 57


def test_what_one_can_do_without_is_left_out_where_there_is_no_room() -> None:
    rows = [row.plain for row in draw_gauges([SLOWER, LATENCY], 50, 1)]
    assert len(rows) == 2
    assert rows[1].startswith("in ms")


def test_on_wide_screens_gauges_stand_side_by_side_and_read_downwards() -> None:
    rows = [row.plain for row in draw_gauges([RATE, LATENCY, SLOWER], 120, 4)]
    assert len(rows) == 3
    assert "packets/s" in rows[1]
    assert "out ms" in rows[1]
    assert rows[2].startswith("in ms")


def test_a_quantile_bar_is_logarithmic_and_paler_from_quantile_to_quantile() -> None:
    assert numbers.quantile_bar((1, 10, 100, 1000), 1000, 9) == "█▓▓▒▒▒░░░"
    assert numbers.quantile_bar((0, 0, 0, 0), 1000, 4) == "    "


def test_numbers_are_written_for_people() -> None:
    written = [numbers.compact(n) for n in (7, 0.25, 999, 999.7, 1234, 56789, 3e6)]
    assert written == ["7", "0.2", "999", "1.0k", "1.2k", "56.8k", "3.0M"]
    assert numbers.percent(1, 3) == "33.3%"
    assert numbers.percent(1, 0) == ""
    assert numbers.bar(0.5, 4) == "██  "


def test_the_title_gives_up_its_minor_parts_and_is_cut_at_last() -> None:
    parts = [("agent 1", 2), ("host", 1), ("", 0), ("policy", 0)]
    assert fitted(parts, 30) == "agent 1 │ host │ policy"
    assert fitted(parts, 20) == "host │ policy"
    assert fitted(parts, 5) == "poli…"


@pytest.mark.parametrize(
    ("tables", "room", "found"),
    [
        (12, (200, 50), Tiles(3, 12)),
        (12, (120, 29), Tiles(3, 7)),
        (12, (80, 12), Tiles(2, 6)),
        (1, (80, 5), Tiles(2, 6)),
        (0, (80, 5), Tiles(1, 12)),
    ],
)
def test_tables_are_as_wide_and_high_as_lets_all_be_seen(
    tables: int, room: tuple[int, int], found: Tiles
) -> None:
    assert tiles(tables, *room) == found


def test_a_long_label_is_whole_where_there_is_room() -> None:
    name = "input_resources memory bytes used"
    gauge = Gauge("k", name, "B", Spread("k", (1, 2, 3, 4)))
    assert draw_gauges([gauge], 78, 4)[1].plain.startswith(f"{name}     1     2 ")
    assert draw_gauges([gauge], 50, 4)[1].plain.startswith(f"{name[:26]}     1     2 ")
