"""A table of the heaviest names, drawn row by row: cheap enough for a screen full of them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive

from pktvisor.tui.figures import Row
from pktvisor.tui.messages import DrillDown
from pktvisor.tui.parts import Panel
from pktvisor.tui.rows import Rows
from pktvisor.tui.view import View

__all__ = ["TopPanel"]


class TopPanel(Rows, can_focus=True):
    """One table; arrows move the cursor, Enter drills down, a click does both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("enter", "open", "open"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self, panel: Panel, view: View) -> None:
        super().__init__()
        self.panel = panel
        self._view = view
        self.border_title = panel.title

    def composed(self, room: Size) -> list[Text]:
        """The rows there is room for: name left, figures right, one below the other."""
        rows = self.rows[: room.height]
        figures = [self._figure(row) for row in rows]
        widest = max(map(len, figures), default=0)
        cursor = min(self.cursor, len(rows) - 1) if self.has_focus else -1
        return [
            _line(row.name or '""', f"{figure:>{widest}}", room.width, place == cursor)
            for place, (row, figure) in enumerate(zip(rows, figures, strict=True))
        ]

    @property
    def rows(self) -> list[Row]:
        """The rows in the order they are shown."""
        return self._view.arranged(self.panel.rows, self.panel.source)

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self.rows
        return rows[min(self.cursor, len(rows) - 1)] if rows else None

    def show(self, panel: Panel) -> None:
        """Draw other figures."""
        if panel.title != self.panel.title:
            self.border_title = panel.title
        self.panel = panel
        self.draw()

    def watch_cursor(self) -> None:
        """Show which row is selected."""
        self.draw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Only the table in focus has a cursor."""
        super().watch_has_focus(_has_focus)
        self.draw()

    def action_move(self, step: int) -> None:
        """Move the cursor within the rows."""
        last = min(len(self.rows), self.content_size.height) - 1
        self.cursor = max(0, min(self.cursor + step, last))

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

    def _figure(self, row: Row) -> str:
        share = self._view.share(row.estimate, self.panel.base)
        return self._view.number(row.estimate) + (f" {share:>6}" if share else "")


def _line(name: str, figure: str, width: int, selected: bool) -> Text:
    room = max(width - len(figure) - 1, 1)
    text = Text(name)
    text.truncate(room, overflow="ellipsis", pad=True)
    text.append(f" {figure}", "bold")
    if selected:
        text.stylize("reverse")
    return text
