"""The overview: lines and gauges above, tables below, losses always in sight."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from pktvisor.tui.feed import Feed
from pktvisor.tui.headline import Headline
from pktvisor.tui.key_line import KeyLine
from pktvisor.tui.overview import gauges, lines, panels
from pktvisor.tui.table_grid import TableGrid
from pktvisor.tui.title_bar import TitleBar, say
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View

__all__ = ["MainScreen"]


class MainScreen(Screen[None]):
    """Draws what the feed last fetched."""

    AUTO_FOCUS = ""  # else the filter line, which is first, would take every key
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority it is done before the next key is looked at, however fast they come.
        Binding("slash", "filter", "filter", priority=True),
        Binding("escape", "clear_filter", "clear filter"),
        Binding("left,h", "beside(-1)", "left", show=False),
        Binding("right,l", "beside(1)", "right", show=False),
    ]

    def __init__(self, feed: Feed, view: View) -> None:
        super().__init__()
        self._feed = feed
        self._view = view

    def compose(self) -> ComposeResult:
        """The fixed parts; tables appear with the figures."""
        yield TitleBar()
        yield Static(id="problem", markup=False)
        yield Headline(self._view)
        yield Input(placeholder="show rows that hold this text", id="filter", compact=True)
        yield TableGrid(self._view)
        yield KeyLine()

    def on_mount(self) -> None:
        """Nothing is wrong and nothing is filtered."""
        self.query_one("#problem").display = False
        self.query_one("#filter").display = False

    def redraw(self, *, remember: bool = False) -> None:
        """Draw the feed's figures; `remember` when they are new."""
        feed = self._feed
        self.query_one(TitleBar).show(feed.title())
        self.query_one(Headline).show(
            lines(feed.schemas, feed.ledger), gauges(feed.schemas), remember=remember
        )
        say(self.query_one("#problem", Static), feed.problem)
        self.query_one(TableGrid).show(panels(feed.schemas))
        if self.focused is not None and not self.focused.is_attached:
            self.set_focus(None)  # what is gone would keep every key from the screen
        if self.focused is None:
            self.call_after_refresh(self._focus_something)

    def forget(self) -> None:
        """Begin the rates' course anew: another policy is watched."""
        self.query_one(Headline).forget()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into the filter line is part of the text; what is not there is not cleared."""
        typing = isinstance(self.focused, Input)
        if action == "filter":
            return not typing
        return typing or bool(self._view.needle) if action == "clear_filter" else True

    def action_filter(self) -> None:
        """Open the filter line; the very next key is its own."""
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as the text is typed."""
        self._view.needle = event.value
        self.redraw()

    def on_input_submitted(self) -> None:
        """Go back to the tables, filtered."""
        self._leave_filter()

    def action_clear_filter(self) -> None:
        """Show every row again."""
        self.query_one("#filter", Input).value = ""
        self._leave_filter()

    def action_beside(self, step: int) -> None:
        """Move to the table beside this one."""
        if step > 0:
            self.focus_next(TopPanel)
        else:
            self.focus_previous(TopPanel)

    def _focus_something(self) -> None:
        """Put the focus on the first table, unless a person put it somewhere."""
        tables = self.query_one(TableGrid).tables
        if self.focused is None and tables:
            tables[0].focus()

    def _leave_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = bool(field.value)
        if self.focused is field or self.focused is None:
            self.set_focus(None)
            self._focus_something()
