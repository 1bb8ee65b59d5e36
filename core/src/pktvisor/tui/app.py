"""The terminal UI itself: polls the agent, owns the keys that work on every screen."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from pktvisor.tui.client import LIVE, AgentClient, AgentError
from pktvisor.tui.export import Sheet, export
from pktvisor.tui.feed import Feed, windows
from pktvisor.tui.messages import DrillDown
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.screens.help import HelpScreen
from pktvisor.tui.screens.main import MainScreen
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View

__all__ = ["PktvisorApp"]

REFRESH_S = 1.0
_ASKING = "fetch"  # the workers of which one runs at a time


class PktvisorApp(App[None]):
    """Watch one agent."""

    TITLE = "pktvisor"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", tooltip="List the keys"),
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
        Binding("p", "policy", "policy", tooltip="Choose the policy to watch"),
        Binding("w", "window", "window", tooltip="Live, or periods merged"),
        Binding("f", "freeze", "freeze", tooltip="Stop the screen, or go on"),
        Binding("s", "sort", "sort", tooltip="By estimate or by name"),
        Binding("y", "copy_row", "copy", tooltip="Copy the row under the cursor"),
        Binding("e", "export", "export", tooltip="Write the table as CSV and JSON"),
        Binding("percent_sign", "percentages", "shares", show=False, tooltip="On or off"),
        Binding("u", "units", "units", show=False, tooltip="12.3k or all digits"),
        Binding("t", "theme", "next theme", show=False),
        Binding("ctrl+p", "command_palette", "commands", show=False),
    ]

    def __init__(
        self,
        client: AgentClient,
        policy: str = "default",
        *,
        version: str = "",
        refresh_s: float = REFRESH_S,
        folder: Path | None = None,
        file: str = "",
        on_hang_up: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.view = View()
        self.feed = Feed(client, policy, client_version=version, file=file)
        self._refresh_s = refresh_s
        self.folder = folder or Path.cwd()
        self._on_hang_up = on_hang_up
        self._main = MainScreen(self.feed, self.view)

    async def on_mount(self) -> None:
        """Show the overview and start to ask; a lost terminal ends it as `q` does."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.exit, None, 128 + signal.SIGTERM)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        await self.push_screen(self._main)
        self._ask(self.fetch())
        if self._refresh_s > 0:
            self.set_interval(self._refresh_s, self._tick)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: Textual's own commands, and whatever has a key."""
        yield from super().get_system_commands(screen)
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.tooltip:
                run = partial(self.run_action, binding.action)
                yield SystemCommand(binding.description.capitalize(), binding.tooltip, run)

    async def fetch(self) -> None:
        """Ask once and draw what came."""
        if isinstance(self.screen, DetailScreen):
            await self.feed.fetch_buckets()
            self._redraw()
        else:
            self._redraw(remember=await self.feed.fetch())

    def on_drill_down(self, message: DrillDown) -> None:
        """Open a metric over all kept periods."""
        self._ask(self._drill_down(message))

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def action_freeze(self) -> None:
        """Stop asking, or go on."""
        self.feed.frozen = not self.feed.frozen
        self._redraw()

    def action_policy(self) -> None:
        """Choose the policy."""
        self.run_worker(self._choose_policy(), exclusive=True, group="choose")

    def action_window(self) -> None:
        """Choose the window."""
        self.run_worker(self._choose_window(), exclusive=True, group="choose")

    def action_sort(self) -> None:
        """Sort by estimate or by name."""
        self.view.order = "name" if self.view.order == "estimate" else "estimate"
        self._redraw()

    def action_percentages(self) -> None:
        """Show or hide shares."""
        self.view.percentages = not self.view.percentages
        self._redraw()

    def action_units(self) -> None:
        """Short or exact numbers."""
        self.view.short_units = not self.view.short_units
        self._redraw()

    def action_theme(self) -> None:
        """The next theme."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_copy_row(self) -> None:
        """Copy the row under the cursor: name and figures, with tabs between."""
        sheet, name = self._sheet()
        found = [figures for title, figures in sheet.rows if title == name] if sheet else []
        if not found:
            self.notify("no row is selected", severity="warning")
            return
        text = "\t".join([name, *map(str, found[0])])
        self.copy_to_clipboard(text)
        self.notify(f"copied {text.expandtabs(2)}", markup=False)

    def action_export(self) -> None:
        """Write the table in focus to the current folder."""
        sheet, _ = self._sheet()
        if sheet is None:
            self.notify("no table is selected", severity="warning")
            return
        try:
            table, document = export(sheet, self.folder)
        except OSError as error:
            self.notify(f"{self.folder}: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"wrote {table.name} and {document.name}", markup=False)

    def _sheet(self) -> tuple[Sheet | None, str]:
        """The table a person looks at, and the name the cursor is on."""
        policy = self.feed.policy
        if isinstance(self.screen, DetailScreen):
            detail = self.screen
            sheet = Sheet(policy, detail.panel.metric, detail.rows(), detail.periods())
            return sheet, detail.selected or ""
        if isinstance(self.focused, TopPanel):
            table = self.focused
            rows = [(row.name, [row.estimate]) for row in table.rows]
            selected = table.selected.name if table.selected else ""
            return Sheet(policy, table.panel.metric, rows), selected
        return None, ""

    def _redraw(self, *, remember: bool = False) -> None:
        """Draw the feed's figures on the screen that is open, none once they are taken apart."""
        if not self.is_running:
            return
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen) and screen.is_mounted:
                screen.redraw(remember=remember)
            elif isinstance(screen, DetailScreen) and screen.is_mounted:
                screen.redraw()

    def _hung_up(self) -> None:
        """End at once: to put a lost terminal in order may wait for it without end."""
        if self._on_hang_up is not None:
            self._on_hang_up()
        os._exit(128 + signal.SIGHUP)

    def _ask(self, work: Coroutine[Any, Any, None]) -> None:
        """Ask the agent now; an answer still awaited is of no use any more."""
        self.run_worker(work, exclusive=True, group=_ASKING)

    def _tick(self) -> None:
        """Ask again, unless an answer is awaited: a slow agent must come to its time-out."""
        asking = any(w.group == _ASKING and not w.is_finished for w in self.workers)
        if not asking and not self.feed.frozen:
            self._ask(self.fetch())

    async def _drill_down(self, message: DrillDown) -> None:
        if not (self.feed.frozen and self.feed.buckets):
            await self.feed.fetch_buckets()
        await self.push_screen(DetailScreen(message.panel, self.feed, self.view, message.name))

    async def _choose_policy(self) -> None:
        try:
            names = await self.feed.client.policies()
        except AgentError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        current = names.index(self.feed.policy) if self.feed.policy in names else 0
        picked = await self.push_screen_wait(ChooseScreen("Policy", names, current))
        if picked is not None:
            if isinstance(self.screen, DetailScreen):  # of a metric the other may not have
                await self.pop_screen()
            self.feed.watch(names[picked])
            self._main.forget()
            self._ask(self.fetch())

    async def _choose_window(self) -> None:
        feed = self.feed
        try:
            choices = windows(await feed.client.periods(feed.policy))
        except AgentError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        names = [f"{n} minutes merged" if n != LIVE else feed.last for n in choices]
        shown = feed.client.granted(feed.policy, feed.window)
        current = choices.index(shown) if shown in choices else 0
        picked = await self.push_screen_wait(ChooseScreen("Window", names, current))
        if picked is not None:
            feed.window = choices[picked]
            self._ask(self.fetch())
