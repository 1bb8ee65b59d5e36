"""One metric full screen: every row, over all kept periods side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from pktvisor.tui import numbers
from pktvisor.tui.figures import Figures, merged_schemas
from pktvisor.tui.overview import Panel
from pktvisor.tui.view import View

__all__ = ["DetailScreen"]

_BAR = 20


class DetailScreen(Screen[None]):
    """A table of names by period, newest left, with the sum and a bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back"),
        Binding("j", "cursor(1)", "down", show=False),
        Binding("k", "cursor(-1)", "up", show=False),
    ]

    def __init__(
        self, panel: Panel, buckets: list[dict[str, dict[str, Any]]], view: View, row: int
    ) -> None:
        super().__init__()
        self.panel = panel
        self._view = view
        self._row = row
        self._periods = [self._figures(bucket) for bucket in buckets]

    def compose(self) -> ComposeResult:
        """A title, the table, the keys."""
        yield Static(f"{self.panel.title}  ·  {self.panel.schema}.{self.panel.path}", id="title")
        yield DataTable(cursor_type="row", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[Text] = self.query_one(DataTable)
        table.add_column("name")
        table.add_column("sum")
        table.add_column("")
        for place, period in enumerate(self._periods):
            table.add_column(_period_name(place, period))
        for name, counts in self.rows():
            total = sum(counts)
            most = max(sum(c) for _, c in self.rows())
            table.add_row(
                Text(name or '""'),
                _right(total),
                Text(numbers.bar(total / most if most else 0, _BAR), style="green"),
                *(_right(count) for count in counts),
            )
        table.move_cursor(row=self._row)
        table.focus()

    def rows(self) -> list[tuple[str, list[int]]]:
        """Every name of any period, filtered and sorted as the view says, with its counts."""
        if not self._periods:
            return [(row.name, [row.estimate]) for row in self._view.arranged(self.panel.rows)]
        found: dict[str, list[int]] = {}
        for place, period in enumerate(self._periods):
            table = period.tables.get(self.panel.path)
            for row in self._view.arranged(table.rows if table else ()):
                found.setdefault(row.name, [0] * len(self._periods))[place] = row.estimate
        by_name = self._view.order == "name"
        return sorted(found.items(), key=(lambda i: i[0]) if by_name else (lambda i: -sum(i[1])))

    @property
    def selected(self) -> str | None:
        """The name under the cursor."""
        rows = self.rows()
        cursor = self.query_one(DataTable).cursor_row
        return rows[cursor][0] if 0 <= cursor < len(rows) else None

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        table = self.query_one(DataTable)
        table.move_cursor(row=table.cursor_row + step)

    def _figures(self, bucket: dict[str, dict[str, Any]]) -> Figures:
        found = merged_schemas(bucket).get(self.panel.schema)
        return found[1] if found else Figures()


def _period_name(place: int, period: Figures) -> str:
    if not period.start_ts:
        return f"period {place}"
    at = datetime.fromtimestamp(period.start_ts).astimezone()
    return f"{at:%H:%M:%S}" + (" live" if place == 0 else f" {period.length_s}s")


def _right(value: int) -> Text:
    return Text(numbers.exact(value), justify="right")
