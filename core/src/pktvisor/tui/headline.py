"""The lines above the tables: totals, losses, rates and latencies."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from rich.text import Text
from textual.geometry import Size

from pktvisor.tui.drawing import draw_gauges, draw_lines
from pktvisor.tui.parts import Gauge, Line
from pktvisor.tui.rows import Rows
from pktvisor.tui.view import View

__all__ = ["Headline"]

KEPT = 120
"""Values a sparkline remembers."""
_LEAST_ROWS = 4
_SHARE = 12
"""Gauges take at most so small a part of the screen's rows, beyond the first few."""


class Headline(Rows):
    """Draws lines and gauges; remembers the live rates it was shown for the sparklines."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._lines: Sequence[Line] = ()
        self._gauges: Sequence[Gauge] = ()
        self._history: dict[str, deque[float]] = {}

    def show(self, lines: Sequence[Line], gauges: Sequence[Gauge], *, remember: bool) -> None:
        """Draw these; `remember` adds the live rates to the history."""
        self._lines, self._gauges = lines, gauges
        if remember:
            for gauge in gauges:
                if gauge.spread.live is not None:
                    kept = self._history.setdefault(gauge.key, deque(maxlen=KEPT))
                    kept.append(gauge.spread.live)
        before = len(self.rows_drawn)
        self.draw()
        if len(self.rows_drawn) != before:
            self.refresh(layout=True)

    def forget(self) -> None:
        """Begin the course of the rates anew."""
        self._history.clear()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there is to say at that width."""
        return len(self.composed(Size(width, viewport.height)))

    def composed(self, room: Size) -> list[Text]:
        """As many gauges as leave the tables their part of the screen."""
        most = max(_LEAST_ROWS, self.app.size.height // _SHARE)
        return [
            *draw_lines(self._lines, room.width, self._view),
            *draw_gauges(self._gauges, room.width, most, self._history),
        ]
