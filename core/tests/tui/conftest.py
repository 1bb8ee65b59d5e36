"""A real agent over the sample capture, for screens to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.tests.tui.stories import Play, Story, headline, settled, tiled, until
from tests.samples import SAMPLE, SAMPLE_HOSTS

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import AgentClient, Endpoint
from pktvisor.tui.private_agent import PrivateAgent


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with PrivateAgent(str(SAMPLE), SAMPLE_HOSTS) as agent:
        yield agent.endpoint


@pytest.fixture
def play(endpoint: Endpoint, tmp_path: Path) -> Play:
    """Run a story on the app, on a screen of a size; nothing is asked but once."""

    def run(
        story: Story,
        size: tuple[int, int] = (120, 40),
        *,
        policy: str = "default",
        at: Endpoint | None = None,
    ) -> None:
        async def act() -> None:
            client = AgentClient(at or endpoint)
            app = PktvisorApp(client, policy, version="0.1.0", refresh_s=0, folder=tmp_path)
            async with app.run_test(size=size) as pilot:
                await until(pilot, lambda: bool(app.feed.schemas or app.feed.problem))
                await settled(app, pilot)
                if app.feed.schemas:
                    await until(pilot, lambda: bool(headline(app) and tiled(app)))
                await story(app, pilot)
            await client.close()

        asyncio.run(act())

    return run
