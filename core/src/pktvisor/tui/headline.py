"""The lines above the tables: totals, rates, latencies, response codes, drops."""

from __future__ import annotations

from collections import deque

from rich.text import Text
from textual.widget import Widget

from pktvisor.tui import numbers
from pktvisor.tui.figures import Spread
from pktvisor.tui.overview import Cell, Line
from pktvisor.tui.view import View

__all__ = ["Headline", "spark"]

_NARROW = 120
_TICKS = "▁▂▃▄▅▆▇█"
KEPT = 120
"""Values a sparkline remembers."""


def spark(values: deque[float], width: int) -> str:
    """The last values as bars, the highest filling a cell."""
    shown = list(values)[-width:]
    top = max(shown, default=0)
    if top <= 0:
        return _TICKS[0] * len(shown)
    return "".join(_TICKS[round(value / top * (len(_TICKS) - 1))] for value in shown)


class Headline(Widget):
    """Draws header lines; remembers the live rates it was shown for the sparkline."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._lines: list[Line] = []
        self._history: dict[str, deque[float]] = {}

    def show(self, lines: list[Line], *, remember: bool) -> None:
        """Draw these lines; `remember` adds their live rates to the history."""
        self._lines = lines
        if remember:
            for line in lines:
                for cell in line.cells:
                    if isinstance(cell.value, Spread) and cell.value.live is not None:
                        key = f"{line.title}.{cell.value.path}"
                        self._history.setdefault(key, deque(maxlen=KEPT)).append(cell.value.live)
        self.refresh(layout=True)

    def render(self) -> Text:
        """One line each, minor figures left out on narrow screens."""
        narrow = self.size.width < _NARROW
        return Text("\n").join(self._line(line, narrow) for line in self._lines) or Text()

    def _line(self, line: Line, narrow: bool) -> Text:
        text = Text(f"{line.title:<10} ", style="bold", end="", no_wrap=False)
        cells = [cell for cell in line.cells if not (narrow and cell.minor)]
        parts = [self._cell(line, cell, narrow) for cell in cells]
        text.append_text(Text(" │ " if not narrow else "  ", style="dim").join(parts))
        return text

    def _cell(self, line: Line, cell: Cell, narrow: bool) -> Text:
        style = "bold red" if cell.alarm else "bold"
        if isinstance(cell.value, Spread):
            return self._spread(line, cell.label, cell.value, narrow)
        if isinstance(cell.value, str):
            return Text.assemble((cell.label + " ", "dim"), (cell.value, style))
        write = numbers.compact if self._view.short_units else numbers.exact
        text = Text.assemble((cell.label + " ", "dim"), (write(cell.value), style))
        if self._view.percentages and cell.base > 0:
            text.append(f" {numbers.percent(cell.value, cell.base)}", style="dim")
        return text

    def _spread(self, line: Line, label: str, spread: Spread, narrow: bool) -> Text:
        text = Text.assemble((label + " ", "dim"))
        if spread.live is not None:
            text.append(f"{numbers.compact(spread.live)}/s ", style="bold")
        write = _short if spread.path.endswith("quantiles_us") else numbers.compact
        text.append("/".join(write(value) for value in spread.quantiles))
        history = self._history.get(f"{line.title}.{spread.path}")
        if history and not narrow:
            text.append(" " + spark(history, 16), style="green")
        return text


def _short(value: float) -> str:
    return f"{value:.1f}"
