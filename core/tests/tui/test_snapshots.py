"""The screens, character by character, at three sizes, over recorded answers and a frozen clock.

`UPDATE_SCREENS=1 python -m pytest core/tests/tui/test_snapshots.py` writes them anew; look at the
difference before it is committed.
"""

from __future__ import annotations

import asyncio
import difflib
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from core.tests.tui.stories import Story, headline, opened, settled, tiled, until
from rich.console import Console
from textual.pilot import Pilot

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import AgentClient, Endpoint
from pktvisor.tui.screens.help import HelpScreen

HERE = Path(__file__).parent
ANSWERS = json.loads((HERE / "answers.json").read_text())
SIZES = ((80, 24), (120, 40), (200, 60))
# Each answer's live rates are the recorded ones times the next of these: something to draw.
COURSE = (1, 3, 2, 5, 4, 7, 8, 6, 3, 2)


class Recorded(httpx.AsyncBaseTransport):
    """An agent that says what a real one once said; with `lost` it is gone."""

    def __init__(self) -> None:
        self.asked = 0
        self.lost = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.lost:
            raise httpx.ConnectError("refused")
        path = request.url.path
        if path not in ANSWERS:
            status = 425 if "/bucket/" in path else 404
            return httpx.Response(status, json={"error": "it is not recorded"})
        answer = ANSWERS[path]
        if path.endswith("/window/5"):
            answer = at_pace(answer, COURSE[self.asked % len(COURSE)])
            self.asked += 1
        return httpx.Response(200, json=answer)


def at_pace(value: Any, pace: int) -> Any:
    if isinstance(value, dict):
        scaled = {"live": (value["live"] or 1) * pace} if "live" in value else {}
        return {**{name: at_pace(inner, pace) for name, inner in value.items()}, **scaled}
    return [at_pace(inner, pace) for inner in value] if isinstance(value, list) else value


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are the same wherever this runs."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def screen_text(app: PktvisorApp) -> str:
    """What a terminal would show."""
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), record=True, color_system=None
    )
    console.print(app.screen._compositor.render_update(full=True))
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()) + "\n"


async def overview(app: PktvisorApp, pilot: Pilot[None]) -> None:
    """As it is after ten answers."""


async def drill_down(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await opened(app, pilot, "QTypes")


async def filtered(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"shop", "enter")
    await until(pilot, lambda: app.view.needle == "shop")


async def lost(app: PktvisorApp, pilot: Pilot[None]) -> None:
    transport = app.feed.client._http._transport
    assert isinstance(transport, Recorded)
    transport.lost = True
    await app.fetch()


async def exact(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("u", "percent_sign")
    await until(pilot, lambda: "%" not in headline(app))


async def keys(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.is_mounted)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "story",
    [
        overview,
        *(
            pytest.param(s, marks=pytest.mark.slow)
            for s in (drill_down, filtered, lost, exact, keys)
        ),
    ],
    ids=lambda story: story.__name__,
)
def test_a_screen_is_as_it_was_looked_at(story: Story, size: tuple[int, int]) -> None:
    text = asyncio.run(told(story, size))
    kept = HERE / "snapshots" / f"{story.__name__}-{size[0]}x{size[1]}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text)
    before = kept.read_text()
    difference = difflib.unified_diff(
        before.splitlines(), text.splitlines(), kept.name, "now", lineterm=""
    )
    assert text == before, "\n" + "\n".join(difference) + "\nUPDATE_SCREENS=1 takes it"


async def told(story: Story, size: tuple[int, int]) -> str:
    async with AgentClient(Endpoint("agent.example"), Recorded()) as client:
        app = PktvisorApp(client, version="0.1.0", refresh_s=0)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.feed.schemas))
            await settled(app, pilot)
            for _ in COURSE[1:]:
                await app.fetch()
            await until(pilot, lambda: tiled(app))
            await settled(app, pilot)
            await story(app, pilot)
            await settled(app, pilot)
            return screen_text(app)
