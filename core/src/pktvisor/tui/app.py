"""The terminal UI itself: polls the agent, owns the keys that work on every screen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from pktvisor.tui.client import LIVE, AgentClient, AgentError
from pktvisor.tui.export import export
from pktvisor.tui.feed import WINDOWS, Feed
from pktvisor.tui.messages import DrillDown
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.screens.help import HelpScreen
from pktvisor.tui.screens.main import MainScreen
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View

__all__ = ["PktvisorApp"]

REFRESH_S = 1.0
_MOST_PERIODS = 10


class PktvisorApp(App[None]):
    """Watch one agent."""

    TITLE = "pktvisor"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("question_mark", "help", "help"),
        Binding("f", "freeze", "freeze"),
        Binding("p", "policy", "policy"),
        Binding("w", "window", "window"),
        Binding("s", "sort", "sort"),
        Binding("percent_sign", "percentages", "%", show=False),
        Binding("u", "units", "units", show=False),
        Binding("y", "copy_row", "copy"),
        Binding("e", "export", "export"),
        Binding("t", "theme", "theme", show=False),
    ]

    def __init__(
        self,
        client: AgentClient,
        policy: str = "default",
        *,
        version: str = "",
        refresh_s: float = REFRESH_S,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.view = View()
        self.feed = Feed(client, policy, client_version=version)
        self._refresh_s = refresh_s
        self._folder = folder or Path.cwd()
        self._main = MainScreen(self.feed, self.view)

    async def on_mount(self) -> None:
        """Show the overview and start to ask."""
        await self.push_screen(self._main)
        self.run_worker(self.fetch(), exclusive=True, group="fetch")
        if self._refresh_s > 0:
            self.set_interval(self._refresh_s, self._tick)

    async def fetch(self) -> None:
        """Ask once and draw what came."""
        came = await self.feed.fetch()
        if self._main.is_mounted:
            self._main.redraw(remember=came)

    async def on_drill_down(self, message: DrillDown) -> None:
        """Open a metric over all kept periods."""
        try:
            buckets = await self.feed.client.buckets(self.feed.policy, _MOST_PERIODS)
        except AgentError as error:
            self.notify(str(error), severity="error")
            buckets = []
        await self.push_screen(DetailScreen(message.panel, buckets, self.view, message.row))

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def action_freeze(self) -> None:
        """Stop asking, or go on."""
        self.feed.frozen = not self.feed.frozen
        self._main.redraw()

    def action_policy(self) -> None:
        """Choose the policy."""
        self.run_worker(self._choose_policy(), exclusive=True, group="choose")

    def action_window(self) -> None:
        """Choose the window."""
        self.run_worker(self._choose_window(), exclusive=True, group="choose")

    def action_sort(self) -> None:
        """Sort by estimate or by name."""
        self.view.order = "name" if self.view.order == "estimate" else "estimate"
        self._main.redraw()

    def action_percentages(self) -> None:
        """Show or hide shares."""
        self.view.percentages = not self.view.percentages
        self._main.redraw()

    def action_units(self) -> None:
        """Short or exact numbers."""
        self.view.short_units = not self.view.short_units
        self._main.redraw()

    def action_theme(self) -> None:
        """The next theme."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_copy_row(self) -> None:
        """Copy the name under the cursor."""
        text = None
        if isinstance(self.screen, DetailScreen):
            text = self.screen.selected
        elif isinstance(self.focused, TopPanel) and self.focused.selected is not None:
            text = self.focused.selected.name
        if text is None:
            self.notify("no row is selected", severity="warning")
            return
        self.copy_to_clipboard(text)
        self.notify(f"copied {text}", markup=False)

    def action_export(self) -> None:
        """Write the table in focus to the current folder."""
        if isinstance(self.screen, DetailScreen):
            panel = self.screen.panel
        elif isinstance(self.focused, TopPanel):
            panel = self.focused.panel
        else:
            self.notify("no table is selected", severity="warning")
            return
        try:
            table, document = export(panel, self.view.arranged(panel.rows), self._folder)
        except OSError as error:
            self.notify(f"{self._folder}: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"wrote {table.name} and {document.name}", markup=False)

    def _tick(self) -> None:
        if not self.feed.frozen:
            self.run_worker(self.fetch(), exclusive=True, group="fetch")

    async def _choose_policy(self) -> None:
        try:
            names = await self.feed.client.policies()
        except AgentError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        current = names.index(self.feed.policy) if self.feed.policy in names else 0
        picked = await self.push_screen_wait(ChooseScreen("Policy", names, current))
        if picked is not None:
            self.feed.policy = names[picked]
            await self.fetch()

    async def _choose_window(self) -> None:
        names = ["live"] + [f"{window} minutes merged" for window in WINDOWS if window != LIVE]
        current = WINDOWS.index(self.feed.window) if self.feed.window in WINDOWS else 0
        picked = await self.push_screen_wait(ChooseScreen("Window", names, current))
        if picked is not None:
            self.feed.window = WINDOWS[picked]
            await self.fetch()
