"""What is shown of when, and which windows there are, of a policy that keeps few periods or of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from core.tests.tui.stories import Play, headline, opened, settled, until
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import LIVE, AgentClient, Endpoint
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.title_bar import TitleBar

METRICS = {"h": {"s": {"n": 1, "period": {"start_ts": 60, "length": 60}}}}


def play(
    kept: int, story: Callable[[PktvisorApp, Pilot[None]], Awaitable[None]], file: str = ""
) -> None:
    """On the agent of a policy that keeps so many periods."""

    async def answer(request: httpx.Request) -> httpx.Response:
        *_, kind, number = request.url.path.split("/")
        if kind == "window" and not 2 <= int(number) <= kept:
            reason = f"invalid metrics period, specify [2, {kept}]"
            return httpx.Response(425, json={"error": reason})
        if kind in ("window", "bucket"):
            return httpx.Response(200, json={"p": METRICS})
        return httpx.Response(404 if "handlers" in request.url.path else 200, json={})

    async def act() -> None:
        client = AgentClient(Endpoint(), transport=httpx.MockTransport(answer))
        app = PktvisorApp(client, "p", refresh_s=0, file=file)
        async with app.run_test() as pilot:
            await until(pilot, lambda: bool(app.feed.schemas))
            await settled(app, pilot)
            await story(app, pilot)

    asyncio.run(act())


@pytest.mark.parametrize(
    ("kept", "file", "offered"),
    [
        (1, "", ["live"]),
        (2, "", ["live", "2 minutes merged"]),
        (4, "a.pcap", ["last period", *(f"{n} minutes merged" for n in (2, 3, 4))]),
        (10, "", ["live", *(f"{n} minutes merged" for n in (2, 3, 4, 5, 10))]),
    ],
)
def test_only_windows_that_the_policy_has_are_offered(
    kept: int, file: str, offered: list[str]
) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen) and app.screen.is_mounted)
        options = app.screen.query_one(OptionList)
        assert [str(option.prompt) for option in options.options] == offered

    play(kept, story, file)


@pytest.mark.parametrize(("kept", "said"), [(1, "60 s live"), (3, "of 3 min"), (9, "of 5 min")])
def test_the_title_tells_the_window_there_is_not_the_one_that_was_asked_for(
    kept: int, said: str
) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert app.screen.query_one(TitleBar).text.endswith(said)

    play(kept, story)


def test_of_a_file_its_name_is_shown_and_nothing_is_live(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        app.feed.file = "lab.pcap"
        app.feed.window = LIVE
        await app.fetch()
        text = app.screen.query_one(TitleBar).text
        assert "lab.pcap │ policy default" in text
        assert app.feed.client.endpoint.url.partition("//")[2] not in text
        assert text.endswith("last period")
        assert headline(app)
        detail = await opened(app, pilot, "QTypes")
        headings = [str(column.label) for column in detail.query_one(DataTable).ordered_columns]
        assert [text for text in headings if "live" in text] == []

    play(story)
