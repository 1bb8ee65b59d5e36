"""A table of the heaviest names, drawn as text: cheap enough for a screen full of them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widget import Widget

from pktvisor.tui.figures import Row
from pktvisor.tui.messages import DrillDown
from pktvisor.tui.parts import Panel
from pktvisor.tui.view import View

__all__ = ["TopPanel"]


class TopPanel(Widget, can_focus=True):
    """One table; arrows move the cursor, Enter drills down, a click does both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("enter", "open", "open"),
    ]

    cursor: reactive[int] = reactive(0)

    def __init__(self, panel: Panel, view: View) -> None:
        super().__init__()
        self.panel = panel
        self._view = view
        self._drawn: tuple[object, ...] = ()
        self.border_title = panel.title

    @property
    def rows(self) -> list[Row]:
        """The rows as they are shown."""
        return self._view.arranged(self.panel.rows, self.panel.source)

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self.rows
        return rows[min(self.cursor, len(rows) - 1)] if rows else None

    def show(self, panel: Panel) -> None:
        """Draw other figures, if they are other."""
        self.panel = panel
        self.border_title = panel.title
        view = self._view
        state = (panel, view.needle, view.order, view.percentages, view.short_units)
        if state != self._drawn:
            self._drawn = state
            self.refresh()

    def render(self) -> Text:
        """The rows, one a line: name left, estimate right."""
        rows = self.rows[: max(self.size.height, 1)]
        figures = [self._figure(row) for row in rows]
        widest = max(map(len, figures), default=0)
        cursor = min(self.cursor, len(rows) - 1) if self.has_focus else -1
        return Text("\n").join(
            self._line(row, f"{figure:>{widest}}", place == cursor)
            for place, (row, figure) in enumerate(zip(rows, figures, strict=True))
        )

    def _figure(self, row: Row) -> str:
        share = self._view.share(row.estimate, self.panel.base)
        return self._view.number(row.estimate) + (f" {share:>6}" if share else "")

    def _line(self, row: Row, figure: str, selected: bool) -> Text:
        name = Text(row.name or '""')
        width = max(self.size.width - len(figure) - 1, 1)
        name.truncate(width, overflow="ellipsis", pad=True)
        line = Text.assemble(name, " ", (figure, "bold"))
        if selected:
            line.stylize("reverse")
        return line

    def action_move(self, step: int) -> None:
        """Move the cursor within the rows."""
        self.cursor = max(0, min(self.cursor + step, len(self.rows) - 1, self.size.height - 1))

    def action_open(self) -> None:
        """Ask for this metric full screen."""
        if self.selected is not None:
            self.post_message(DrillDown(self.panel, self.selected.name))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the click was; the second click on a row opens it."""
        again = event.chain > 1
        self.cursor = max(0, min(event.y - 1, len(self.rows) - 1))
        if again:
            self.action_open()
