"""Keys work and tables are in sight whatever becomes of the tables that were there before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from core.tests.tui.stories import settled, tiled, until
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import OptionList

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import AgentClient, Endpoint
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.screens.help import HelpScreen
from pktvisor.tui.screens.main import MainScreen
from pktvisor.tui.table_grid import TableGrid
from pktvisor.tui.top_panel import TopPanel

ROWS = [{"name": f"n{number}", "estimate": 9 - number} for number in range(8)]
NAMES = ("qname2", "qname3", "qtype", "rcode", "refused", "srvfail", "nxdomain", "udp_ports")


def dns(*names: str) -> dict[str, Any]:
    """The metrics of a handler with these tables."""
    tables = {f"top_{name}": ROWS for name in names}
    return {"h": {"dns": {"wire_packets": {"events": 1, "total": 3}, **tables}}}


POLICIES: dict[str, Mapping[str, Any]] = {
    "all": dns(*NAMES),
    "half": dns(*NAMES[:4]),
    "one": dns("udp_ports"),
    "other": {"r": {"input_resources": {"policies": 1, "handlers": 3, "bytes": 4}}},
    "without": {"r": {"pcap": {"os_drops": 0}}},
}


async def answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path.endswith("/policies"):
        return httpx.Response(200, json={name: {} for name in POLICIES})
    if "/metrics/" in path and "/policies/" in path:
        name = path.split("/")[4]
        return httpx.Response(200, json={name: POLICIES[name]})
    return httpx.Response(404 if "handlers" in path else 200, json={})


def play(
    story: Callable[[PktvisorApp, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24)
) -> None:
    async def act() -> None:
        client = AgentClient(Endpoint(), transport=httpx.MockTransport(answer))
        app = PktvisorApp(client, "all", refresh_s=0)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: tiled(app) and app.focused is not None)
            await story(app, pilot)

    asyncio.run(act())


def focusable(focused: Widget | None) -> bool:
    """Nothing is in focus, or something that is on the screen."""
    return focused is None or focused.is_attached


async def pick(app: PktvisorApp, pilot: Pilot[None], policy: str) -> None:
    await pilot.press("p")
    await until(pilot, lambda: isinstance(app.screen, ChooseScreen) and app.screen.is_mounted)
    app.screen.query_one(OptionList).highlighted = sorted(POLICIES).index(policy)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, MainScreen) and app.feed.policy == policy)
    await until(pilot, lambda: bool(app.feed.schemas))
    await settled(app, pilot)


@pytest.mark.parametrize("policy", ["one", "other", "without"])
def test_every_key_works_on_a_policy_with_other_tables_or_none(policy: str) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pick(app, pilot, policy)
        assert focusable(app.screen.focused)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.is_mounted)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pick(app, pilot, "all")
        await until(pilot, lambda: isinstance(app.focused, TopPanel) and app.focused.is_attached)
        await pick(app, pilot, policy)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_code == 0)

    play(story)


@pytest.mark.parametrize("policy", ["half", "one"])
def test_the_tables_left_are_in_sight_however_far_the_others_were_scrolled(policy: str) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        grid = app.screen.query_one(TableGrid)
        grid.scroll_end(animate=False, immediate=True)
        await until(pilot, lambda: grid.scroll_y > 0)
        app.feed.watch(policy)
        await app.fetch()
        await until(pilot, lambda: tiled(app) and len(grid.tables) < len(NAMES))
        await until(pilot, lambda: grid.tables[0].region.y == grid.region.y)

    play(story, (80, 14))


def test_the_table_in_focus_stays_in_sight_when_others_come_and_go() -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        grid = app.screen.query_one(TableGrid)
        app.feed.watch("one")
        await app.fetch()
        await until(pilot, lambda: len(grid.tables) == 1 and tiled(app))
        (kept,) = grid.tables
        kept.focus()
        app.feed.watch("all")
        await app.fetch()
        await until(pilot, lambda: len(grid.tables) == len(NAMES) and tiled(app))
        assert app.focused is kept
        await until(pilot, lambda: grid.scroll_y > 0 and grid.can_view_entire(kept))

    play(story, (80, 14))
