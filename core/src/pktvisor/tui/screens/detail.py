"""One metric full screen: every row, over all kept periods side by side."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Static

from pktvisor.tui import numbers
from pktvisor.tui.descriptions import described
from pktvisor.tui.feed import Feed
from pktvisor.tui.figures import Figures, Row
from pktvisor.tui.key_line import KeyLine
from pktvisor.tui.parts import Panel
from pktvisor.tui.title_bar import TitleBar, say
from pktvisor.tui.view import View

__all__ = ["DetailScreen"]

_LEAST_BAR, _MOST_BAR = 6, 40
_FIGURE = 9
_LEAST_NAME = 12


class DetailScreen(Screen[None]):
    """A table of names by period, newest left, with the sum and a bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "app.pop_screen", "back"),
        Binding("j", "cursor(1)", "down", show=False),
        Binding("k", "cursor(-1)", "up", show=False),
    ]

    def __init__(self, panel: Panel, feed: Feed, view: View, name: str) -> None:
        super().__init__()
        self.panel = panel
        self._feed = feed
        self._view = view
        self._name = name
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """A title, the table, the keys."""
        yield TitleBar()
        yield Static(id="problem", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=True, header_height=2)
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill the table."""
        self.query_one("#problem").display = False
        self.query_one(DataTable).focus()
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Use the width there is."""
        self.redraw()

    def redraw(self) -> None:
        """Draw the feed's periods; the cursor stays on its name."""
        say(self.query_one("#problem", Static), self._feed.problem)
        self.query_one(TitleBar).show(self._title())
        state = (self.rows(), self.periods(), self._view.short_units, self.size)
        if state != self._drawn:
            self._drawn = state
            self._fill()

    def periods(self) -> list[tuple[int, int]]:
        """Start and length in seconds of the periods side by side, newest first."""
        return [(found.start_ts, found.length_s) for found in self._figures()]

    def rows(self) -> list[tuple[str, list[float]]]:
        """Every name of any period, filtered and sorted as the view says, with its counts."""
        periods = self._periods()
        found: dict[str, list[float]] = {}
        for place, rows in enumerate(periods):
            for row in self._view.arranged(rows, self.panel.source):
                found.setdefault(row.name, [0] * len(periods))[place] = row.estimate
        if self._view.order == "name":
            return sorted(found.items())
        if self.panel.source == "table":
            return sorted(found.items(), key=lambda item: -sum(item[1]))
        return list(found.items())

    @property
    def selected(self) -> str | None:
        """The name under the cursor."""
        rows = self.rows()
        cursor = self.query_one(DataTable).cursor_row
        return rows[cursor][0] if 0 <= cursor < len(rows) else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Remember the name the cursor is on."""
        self._name = event.row_key.value or ""

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        table = self.query_one(DataTable)
        table.move_cursor(row=table.cursor_row + step)

    def _figures(self) -> list[Figures]:
        """The figures of the panel's schema in every bucket."""
        none = ("", Figures())
        return [bucket.get(self.panel.schema, none)[1] for bucket in self._feed.buckets]

    def _periods(self) -> list[tuple[Row, ...]]:
        """The rows of the panel in every bucket."""
        return [found.rows(self.panel.source, self.panel.path) for found in self._figures()]

    def _title(self) -> list[tuple[str, int]]:
        needle = f"filter /{self._view.needle}" if self._view.needle else ""
        return [
            ("FROZEN" if self._feed.frozen else "", 0),
            (self.panel.title, 0),
            (self._about(), 2),
            (self.panel.metric, 3),
            (f"policy {self._feed.policy}", 1),
            (needle, 0),
        ]

    def _about(self) -> str:
        """What the agent says of the metric."""
        about = described(self._feed.known.get(self.panel.schema, {}), self.panel.path)
        return about.text if about is not None else ""

    def _fill(self) -> None:
        table: DataTable[Text] = self.query_one(DataTable)
        rows, periods, name = self.rows(), self.periods(), self._name
        kinds = {row.name: row for rows in self._periods() for row in rows}
        texts = {title: f"{title}  {kinds[title].about}".rstrip() or '""' for title, _ in rows}
        widest = max([_LEAST_NAME, *map(len, texts.values())])
        room = self.size.width - (len(periods) + 1) * (_FIGURE + 2) - 6
        bar = max(_LEAST_BAR, min(_MOST_BAR, room - widest))
        table.clear(columns=True)
        table.add_column("name", width=max(_LEAST_NAME, min(widest, room - bar)))
        table.add_column(Text("sum", justify="right"), width=_FIGURE)
        table.add_column("", width=bar)
        for place, period in enumerate(periods):
            live = place == 0 and not self._feed.file
            table.add_column(_heading(live, *period), width=_FIGURE)
        sums = {title: sum(counts) for title, counts in rows if kinds[title].adds}
        most = max(sums.values(), default=0)
        for title, counts in rows:
            total = sums.get(title)
            label = Text(texts[title], no_wrap=True, overflow="ellipsis")
            label.stylize("dim", len(title))
            table.add_row(
                label,
                Text("") if total is None else self._figure(total),
                Text(numbers.bar((total or 0) / most if most else 0, bar), style="green"),
                *(self._figure(count) for count in counts),
                key=title,
            )
        self._name = name
        names = [title for title, _ in rows]
        if name in names:
            table.move_cursor(row=names.index(name))

    def _figure(self, value: float) -> Text:
        return Text(self._view.number(value), justify="right")


def _heading(live: bool, start_ts: int, length_s: int) -> Text:
    """When a period began, and below how long it is."""
    began = f"{datetime.fromtimestamp(start_ts).astimezone():%H:%M:%S}" if start_ts else "?"
    return Text(f"{began}\n{'live' if live else f'{length_s} s'}", justify="right")
