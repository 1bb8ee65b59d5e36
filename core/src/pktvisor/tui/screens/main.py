"""The overview: header lines above, tables below, drops always in sight."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from pktvisor.tui.feed import Feed
from pktvisor.tui.headline import Headline
from pktvisor.tui.messages import Lost
from pktvisor.tui.overview import lines, panels
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View

__all__ = ["MainScreen"]


class MainScreen(Screen[None]):
    """Draws what the feed last fetched."""

    AUTO_FOCUS = ""  # else the filter line, which is first, would take every key
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter"),
        Binding("left,h", "beside(-1)", "left", show=False),
        Binding("right,l", "beside(1)", "right", show=False),
    ]

    def __init__(self, feed: Feed, view: View) -> None:
        super().__init__()
        self._feed = feed
        self._view = view
        self._panels: dict[tuple[str, str], TopPanel] = {}

    def compose(self) -> ComposeResult:
        """The fixed parts; tables appear with the figures."""
        yield Static(id="title")
        yield Static(id="problem", classes="hidden")
        yield Headline(self._view)
        yield Input(placeholder="show rows that hold this text", id="filter", classes="hidden")
        with VerticalScroll(id="tables", can_focus=False):
            yield ItemGrid(min_column_width=36, id="grid")
        yield Footer()

    def redraw(self, *, remember: bool = False) -> None:
        """Draw the feed's figures; `remember` when they are new."""
        feed = self._feed
        self.query_one("#title", Static).update(feed.title)
        self.query_one(Headline).show(lines(feed.schemas), remember=remember)
        problem = self.query_one("#problem", Static)
        problem.update(feed.problem)
        problem.set_class(not feed.problem, "hidden")
        self._draw_tables()

    def _draw_tables(self) -> None:
        wanted = {(panel.schema, panel.path): panel for panel in panels(self._feed.schemas)}
        grid = self.query_one("#grid", ItemGrid)
        if list(wanted) != list(self._panels):
            for widget in self._panels.values():
                widget.remove()
            self._panels = {key: TopPanel(panel, self._view) for key, panel in wanted.items()}
            grid.mount(*self._panels.values())
            self.call_after_refresh(self._focus_something)
        for key, panel in wanted.items():
            self._panels[key].show(panel)

    def _focus_something(self) -> None:
        """Put the focus on the first table, unless a person put it somewhere."""
        if self.focused is None and self._panels:
            next(iter(self._panels.values())).focus()

    def on_lost(self, message: Lost) -> None:
        """Say why nothing new comes."""
        self.redraw()

    def action_filter(self) -> None:
        """Open the filter line."""
        field = self.query_one("#filter", Input)
        field.remove_class("hidden")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as the text is typed."""
        self._view.needle = event.value
        self.redraw()

    def on_input_submitted(self) -> None:
        """Go back to the tables, filtered."""
        self._leave_filter()

    def key_escape(self) -> None:
        """Clear the filter."""
        self.query_one("#filter", Input).value = ""
        self._leave_filter()

    def action_beside(self, step: int) -> None:
        """Move to the table beside this one."""
        if step > 0:
            self.focus_next(TopPanel)
        else:
            self.focus_previous(TopPanel)

    def _leave_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.set_class(not field.value, "hidden")
        if self._panels:
            next(iter(self._panels.values())).focus()
