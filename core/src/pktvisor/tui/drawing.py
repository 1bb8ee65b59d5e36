"""Draw lines and gauges as text of a width: nothing wraps, and what yields does so by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from pktvisor.tui import numbers
from pktvisor.tui.parts import Cell, Gauge, Line
from pktvisor.tui.view import View

__all__ = ["draw_gauges", "draw_lines"]

_GAP = "  "
_RANKS = 5
# Shares take the room of counts before a figure that matters yields.
_LEVELS = (
    *((False, rank) for rank in range(_RANKS, -1, -1)),
    *((True, rank) for rank in range(_RANKS, -1, -1)),
)
_GAUGE_WIDTH = 58
_MOST_COLUMNS = 3
_FIGURE = 5
_LONGEST_LABEL = 26
_SHORTEST_TRAIL = 4
_NAMES = ("p50", "p90", "p95", "p99")


def draw_lines(lines: Sequence[Line], width: int, view: View) -> list[Text]:
    """Each line on one row of `width` cells."""
    if not lines:
        return []
    title = min(max(len(line.title) for line in lines), _LONGEST_LABEL)
    return [_line(line, title, width, view) for line in lines]


def draw_gauges(
    gauges: Sequence[Gauge],
    width: int,
    most_rows: int,
    history: Mapping[str, Sequence[float]] | None = None,
) -> list[Text]:
    """A heading and at most `most_rows` rows; rates with a history end in a sparkline.

    Whatever has no live value ends in a bar of its quantiles. On wide screens two or three stand
    side by side.
    """
    columns = max(1, min(_MOST_COLUMNS, width // _GAUGE_WIDTH))
    shown = _in_sight(gauges, most_rows * columns)
    columns = max(1, min(columns, len(shown)))
    if not shown:
        return []
    live = any(gauge.spread.live is not None for gauge in shown)
    label = min(max(len(gauge.label) for gauge in shown), _LONGEST_LABEL)
    room = (width - len(_GAP) * (columns - 1)) // columns
    names = (["now"] if live else []) + list(_NAMES)
    heading = " " * label + "".join(f" {name:>{_FIGURE}}" for name in names)
    trail = room - len(heading) - 1
    tops = _tops(shown)
    drawn = [Text(_GAP).join(Text(heading.ljust(room)[:room], "dim") for _ in range(columns))]
    rows = -(-len(shown) // columns)
    for row in range(rows):
        parts = [
            _gauge(gauge, label, trail, live, tops[gauge.unit], (history or {}).get(gauge.key, ()))
            for gauge in shown[row::rows]  # read downwards, as a table
        ]
        drawn.append(_cut(Text(_GAP).join(parts), width))
    return drawn


def _line(line: Line, title: int, width: int, view: View) -> Text:
    text = Text()
    for only_share, rank in _LEVELS:
        cells = [cell for cell in line.cells if cell.rank <= rank]
        text = Text.assemble((f"{line.title:<{title}}"[:title], "bold"))
        for cell in cells:
            text.append(_GAP)
            text.append_text(_cell(cell, view, only_share))
        if text.cell_len <= width:
            break
    return _cut(text, width)


def _cell(cell: Cell, view: View, only_share: bool) -> Text:
    """The label, the figure, the share, each with room for its greatest width."""
    style = "bold red" if cell.alarm else "bold"
    share = view.share(cell.value, cell.base)
    text = Text(f"{cell.label} " if cell.label else "")
    if share and only_share:
        return text.append(f"{share:>{_FIGURE}}", style)
    text.append(
        f"{view.number(cell.value):>{_FIGURE if cell.base or not cell.label else 1}}", style
    )
    if share:
        text.append(f" {share:>{_FIGURE}}", "dim")
    return text


def _in_sight(gauges: Sequence[Gauge], most: int) -> list[Gauge]:
    """The gauges of the lowest ranks, in their order."""
    kept = sorted(range(len(gauges)), key=lambda place: (gauges[place].rank, place))[:most]
    return [gauges[place] for place in sorted(kept)]


def _tops(gauges: Sequence[Gauge]) -> dict[str, float]:
    """The end of the scale of each unit."""
    tops: dict[str, float] = {}
    for gauge in gauges:
        tops[gauge.unit] = max(tops.get(gauge.unit, 0), *gauge.spread.quantiles, 0)
    return tops


def _gauge(
    gauge: Gauge, label: int, trail: int, live: bool, top: float, history: Sequence[float]
) -> Text:
    spread = gauge.spread
    text = Text(f"{gauge.label:<{label}}"[:label])
    if live:
        now = "" if spread.live is None else numbers.compact(spread.live)
        text.append(f" {now:>{_FIGURE}}", "bold")
    for place in range(len(_NAMES)):
        known = place < len(spread.quantiles)
        figure = numbers.compact(spread.quantiles[place]) if known else ""
        text.append(f" {figure:>{_FIGURE}}", "bold")
    if trail < _SHORTEST_TRAIL:
        return text
    if spread.live is not None:
        return text.append(" " + numbers.spark(history, trail), "green")
    return text.append(" " + numbers.quantile_bar(spread.quantiles, top, trail), "cyan")


def _cut(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    text.no_wrap = True
    return text
