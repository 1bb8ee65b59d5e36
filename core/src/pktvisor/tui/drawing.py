"""Draw lines and gauges as text of a width: nothing wraps, and what yields does so by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from pktvisor.tui import numbers
from pktvisor.tui.figures import QUANTILES
from pktvisor.tui.parts import LONGEST_LABEL, Cell, Gauge, Line
from pktvisor.tui.view import View

__all__ = ["draw_gauges", "draw_lines"]

_GAP = "  "
_GAUGE_WIDTH = 58
_MOST_COLUMNS = 3
_FIGURE = 5
_SHORTEST_TRAIL = 4


def draw_lines(lines: Sequence[Line], width: int, view: View) -> list[Text]:
    """Each line on one row of `width` cells."""
    if not lines:
        return []
    title = min(max(len(line.title) for line in lines), LONGEST_LABEL)
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
    room = (width - len(_GAP) * (columns - 1)) // columns
    names = (["now"] if live else []) + list(QUANTILES)
    spare = room - len(names) * (1 + _FIGURE) - 1 - _SHORTEST_TRAIL
    label = min(max(len(gauge.label) for gauge in shown), max(LONGEST_LABEL, spare))
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
    """All that fits: shares take the room of counts before a figure that matters yields."""
    ranks = sorted({cell.rank for cell in line.cells}, reverse=True) or [0]
    for only_share in (False, True):
        cells = [(cell.rank, _cell(cell, view, only_share)) for cell in line.cells]
        for most in ranks:
            kept = [text for rank, text in cells if rank <= most]
            if title + sum(len(_GAP) + text.cell_len for text in kept) <= width:
                return _joined(line, title, kept)
    return _cut(_joined(line, title, kept), width)


def _joined(line: Line, title: int, cells: Sequence[Text]) -> Text:
    text = Text.assemble((f"{line.title:<{title}}"[:title], "bold"))
    for cell in cells:
        text.append(_GAP)
        text.append_text(cell)
    text.no_wrap = True
    return text


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
    for place in range(len(QUANTILES)):
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
