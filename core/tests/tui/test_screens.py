"""The screens show what the agent says, at any size, and what is wrong with a reason."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from core.tests.tui.stories import Play, headline, problem, settled, table, titles, until
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import Endpoint
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.table_grid import TableGrid


def api(endpoint: Endpoint, path: str) -> Any:
    request = urllib.request.Request(
        endpoint.url + path, headers={"Authorization": f"Bearer {endpoint.token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_overview_shows_the_apis_figures_at_any_size(
    play: Play, endpoint: Endpoint, size: tuple[int, int]
) -> None:
    window = api(endpoint, "/api/v1/policies/default/metrics/window/5")["default"]
    dns = next(schemas["dns"] for schemas in window.values() if "dns" in schemas)

    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("u")
        await until(pilot, lambda: not app.view.short_units)
        assert f"DNS      {dns['wire_packets']['total']:,}" in headline(app)
        assert "kernel 0  interface 0  queue 0" in headline(app)
        shown = [(row.name, row.estimate) for row in table(app, "QName 2").panel.rows]
        assert shown == [(item["name"], item["estimate"]) for item in dns["top_qname2"]]

    play(story, size)


def test_tables_without_rows_take_no_room_and_are_named_at_the_end(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "GeoLoc" not in titles(app)
        assert "nothing in: GeoLoc, ASN" in str(app.screen.query_one("#empty").render())

    play(story)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_no_table_is_cut_off_at_the_right_or_wider_than_the_screen(
    play: Play, size: tuple[int, int]
) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        tables = app.screen.query_one(TableGrid).tables
        await until(pilot, lambda: len({t.region.height for t in tables}) == 1)
        assert max(t.region.right for t in tables) <= size[0]
        assert len({t.region.width for t in tables}) <= 2  # of what does not divide

    play(story, size)


def test_a_double_click_on_a_row_opens_it_and_one_click_selects_it(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        qtypes = table(app, "QTypes")
        qtypes.scroll_visible(animate=False)
        await pilot.pause()
        await pilot.click(qtypes, offset=(3, 2))
        await until(pilot, lambda: app.focused is qtypes and qtypes.cursor == 1)
        await pilot.click(qtypes, offset=(3, 2), times=2)
        await until(pilot, lambda: isinstance(app.screen, DetailScreen) and app.screen.is_mounted)
        assert isinstance(app.screen, DetailScreen)
        assert app.screen.selected == "AAAA"

    play(story)


def test_the_wheel_scrolls_the_tables(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        grid = app.screen.query_one(TableGrid)
        await pilot._post_mouse_events([MouseScrollDown], grid, offset=(5, 5))
        await until(pilot, lambda: grid.scroll_target_y > 0)

    play(story, (80, 24))


def test_the_cursor_and_the_focus_stay_when_new_figures_come(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        qtypes = table(app, "QTypes")
        qtypes.focus()
        await pilot.press("j", "j")
        await until(pilot, lambda: qtypes.cursor == 2)
        await app.fetch()
        await settled(app, pilot)
        assert app.focused is qtypes is table(app, "QTypes")
        assert qtypes.cursor == 2

    play(story)


def test_an_agent_that_is_not_there_is_named_with_what_to_do(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "no agent answers at http://127.0.0.1:1 (is pktvisord running?)" in problem(app)

    play(story, at=Endpoint("127.0.0.1", 1))


def test_an_unknown_policy_is_answered_with_those_there_are(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "no policy 'nope'; the agent has: default" in problem(app)

    play(story, policy="nope")
