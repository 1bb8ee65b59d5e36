"""All tables of a policy, side by side; those without a row are named in one line at the end."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.widgets import Static

from pktvisor.tui.figures import Source
from pktvisor.tui.layout import tiles
from pktvisor.tui.parts import Panel
from pktvisor.tui.title_bar import say
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View

__all__ = ["TableGrid"]

Key = tuple[str, Source, str]


class TableGrid(VerticalScroll, can_focus=False):
    """Keeps a widget as long as its table is there, so that focus and cursor stay."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._tables: dict[Key, TopPanel] = {}

    def compose(self) -> ComposeResult:
        """The grid, and the line below it."""
        yield Grid()
        yield Static(id="empty", markup=False)

    @property
    def tables(self) -> list[TopPanel]:
        """The tables in the order they stand in."""
        return list(self._tables.values())

    def show(self, panels: Sequence[Panel]) -> None:
        """Draw these tables; only what changed is touched."""
        rows = {p: bool(self._view.arranged(p.rows, p.source)) for p in panels}
        wanted = {(p.schema, p.source, p.path): p for p in panels if rows[p]}
        if list(wanted) != list(self._tables):
            self._arrange(wanted)
        for key, panel in wanted.items():
            self._tables[key].show(panel)
        unmatched = [panel.title for panel in panels if panel.rows and not rows[panel]]
        empty = [panel.title for panel in panels if not panel.rows]
        self._leave_out({"no match in": unmatched, "nothing in": empty})

    def on_resize(self, event: events.Resize) -> None:
        """Fill the room there is."""
        self._tile()

    def _leave_out(self, reasons: dict[str, list[str]]) -> None:
        """Say which tables are not drawn, by the reason."""
        said = [f"{why}: {', '.join(titles)}" for why, titles in reasons.items() if titles]
        say(self.query_one("#empty", Static), "  ".join(said))

    def _arrange(self, wanted: dict[Key, Panel]) -> None:
        grid = self.query_one(Grid)
        # At once: of those removed one by one the focus goes from each to the next, and with the
        # last one no key is heard any more.
        grid.remove_children([self._tables[key] for key in self._tables.keys() - wanted.keys()])
        before = self._tables
        self._tables = {
            key: before.get(key) or TopPanel(panel, self._view) for key, panel in wanted.items()
        }
        added = [table for key, table in self._tables.items() if key not in before]
        if added:
            grid.mount(*added)
        places = {table: place for place, table in enumerate(self._tables.values())}
        grid.sort_children(key=lambda child: places.get(child, -1))  # type: ignore[call-overload]
        self._tile()
        self.call_after_refresh(self._come_into_sight)

    def _come_into_sight(self) -> None:
        """Scroll to the top, or as far as the table in focus needs: of few tables none is hidden."""
        self.scroll_home(animate=False, immediate=True)
        focused = self.screen.focused
        if isinstance(focused, TopPanel) and focused in self._tables.values():
            self.scroll_to_widget(focused, animate=False, immediate=True)

    def _tile(self) -> None:
        grid = self.query_one(Grid)
        found = tiles(len(self._tables), self.size.width, self.size.height)
        grid.styles.grid_size_columns = found.columns
        grid.styles.grid_rows = str(found.height)
