"""What a slow or failing agent does to the screen, and that late answers do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
from core.tests.tui.stories import problem, until
from textual.pilot import Pilot

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import AgentClient, Endpoint
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.title_bar import TitleBar

OLD, NEW = {"h": {"old": {"n": 1}}}, {"h": {"new": {"n": 2}}}


class Agent:
    """Answers for the policies a and b; a test may have it wait or fail at a path."""

    def __init__(self) -> None:
        self.waits: dict[str, Callable[[], Awaitable[None]]] = {}
        self.asked: list[str] = []
        self.broken: set[str] = set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        for part, wait in self.waits.items():
            if part in path:
                await wait()
        if any(part in path for part in self.broken):
            return httpx.Response(500, json={"error": f"cannot tell {path}"})
        if path.endswith("/policies"):
            return httpx.Response(200, json={"a": {}, "b": {}})
        if "/metrics/" in path and "/policies/" in path:
            name = path.split("/")[4]
            return httpx.Response(200, json={name: OLD if name == "a" else NEW})
        return httpx.Response(404 if "handlers" in path else 200, json={})

    def app(self, refresh_s: float = 0) -> PktvisorApp:
        client = AgentClient(Endpoint(), transport=httpx.MockTransport(self.answer))
        return PktvisorApp(client, "a", refresh_s=refresh_s)


def play(app: PktvisorApp, story: Callable[[Pilot[None]], Awaitable[None]]) -> None:
    async def act() -> None:
        async with app.run_test() as pilot:
            await story(pilot)

    asyncio.run(act())


def test_an_agent_that_is_slower_than_the_refresh_is_reported_once_it_times_out() -> None:
    agent = Agent()

    async def time_out() -> None:
        await asyncio.sleep(0.2)
        raise httpx.ReadTimeout("late")

    agent.waits["metrics"] = time_out
    app = agent.app(refresh_s=0.02)

    async def story(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "did not answer within" in problem(app))

    play(app, story)


def test_the_answer_for_a_policy_watched_before_never_replaces_the_one_chosen() -> None:
    agent = Agent()
    app = agent.app()

    async def story(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: set(app.feed.schemas) == {"old"})
        released, gone = asyncio.Event(), asyncio.Event()

        async def linger() -> None:
            try:
                await released.wait()
            finally:
                gone.set()

        agent.waits["policies/a"] = linger
        asked = len(agent.asked)
        app.run_worker(app.fetch(), group="fetch", exclusive=True)  # as a tick does
        await until(pilot, lambda: len(agent.asked) > asked)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen) and app.screen.is_mounted)
        await pilot.press("down", "enter")
        await until(pilot, lambda: set(app.feed.schemas) == {"new"})
        released.set()
        await until(pilot, gone.is_set)
        await pilot.pause()
        assert set(app.feed.schemas) == {"new"}

    play(app, story)


def test_an_agent_that_cannot_describe_its_handlers_says_so_below_fresh_figures() -> None:
    agent = Agent()
    agent.broken.add("handlers")
    app = agent.app(refresh_s=0.02)

    async def story(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "cannot tell /api/v1/handlers" in problem(app))
        assert set(app.feed.schemas) == {"old"}
        agent.broken.clear()
        await until(pilot, lambda: not problem(app))

    play(app, story)


def test_an_answer_that_comes_while_the_screens_are_taken_apart_is_let_go() -> None:
    agent = Agent()
    app = agent.app()

    async def story(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: set(app.feed.schemas) == {"old"})
        screen = app.screen

        async def linger() -> None:
            while screen.query(TitleBar):
                await asyncio.sleep(0)

        agent.waits["policies/a"] = linger
        asked = len(agent.asked)
        app.run_worker(app.fetch(), group="fetch", exclusive=True)  # as a tick does
        await until(pilot, lambda: len(agent.asked) > asked)

    play(app, story)


def test_an_agent_without_descriptions_is_no_problem() -> None:
    agent = Agent()
    app = agent.app(refresh_s=0.02)

    async def story(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "/api/v1/handlers" in agent.asked)
        await until(pilot, lambda: set(app.feed.schemas) == {"old"})
        assert problem(app) == ""

    play(app, story)
