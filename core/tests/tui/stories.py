"""What stories about the screens have in common."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import Static

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.headline import Headline
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.top_panel import TopPanel

Story = Callable[[PktvisorApp, Pilot[None]], Awaitable[None]]
Play = Callable[..., None]

_PATIENCE_S = 30


def headline(app: PktvisorApp) -> str:
    return app.screen.query_one(Headline).plain


def problem(app: PktvisorApp) -> str:
    return str(app.screen.query_one("#problem", Static).render())


def titles(app: PktvisorApp) -> list[str]:
    return [table.panel.title for table in app.screen.query(TopPanel)]


def table(app: PktvisorApp, title: str) -> TopPanel:
    return next(t for t in app.screen.query(TopPanel) if t.panel.title == title)


def tiled(app: PktvisorApp) -> bool:
    """Whether every table has its place on the screen."""
    tables = app.screen.query(TopPanel)
    return bool(tables) and all(table.region.height > 0 and table.plain for table in tables)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait for what a key brings about, however busy the machine is."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        await pilot.pause(0.01)


async def settled(app: PktvisorApp, pilot: Pilot[None]) -> None:
    """Wait until nothing is being fetched and everything is drawn."""
    await pilot.pause()
    fetching = [worker for worker in app.workers if worker.group == "fetch"]
    if fetching:  # else it waits for all, a dialog among them
        await app.workers.wait_for_complete(fetching)
    await pilot.pause()


async def opened(app: PktvisorApp, pilot: Pilot[None], title: str) -> DetailScreen:
    """Drill down into a table."""
    table(app, title).focus()
    await until(pilot, lambda: app.focused is table(app, title))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, DetailScreen) and app.screen.is_mounted)
    await settled(app, pilot)
    assert isinstance(app.screen, DetailScreen)
    return app.screen
