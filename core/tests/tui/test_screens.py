"""Every key does what the help page says, on a real agent's figures."""

from __future__ import annotations

import csv
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import Endpoint
from pktvisor.tui.headline import Headline
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.screens.help import KEYS, HelpScreen
from pktvisor.tui.screens.main import MainScreen
from pktvisor.tui.top_panel import TopPanel

Play = Callable[..., None]


def api(endpoint: Endpoint, path: str) -> Any:
    request = urllib.request.Request(
        endpoint.url + path, headers={"Authorization": f"Bearer {endpoint.token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def headline(app: PktvisorApp) -> str:
    return app.screen.query_one(Headline).render().plain


def panel(app: PktvisorApp, title: str) -> TopPanel:
    return next(p for p in app.screen.query(TopPanel) if p.panel.title == title)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_overview_shows_the_apis_figures_at_any_size(
    play: Play, endpoint: Endpoint, size: tuple[int, int]
) -> None:
    window = api(endpoint, "/api/v1/policies/default/metrics/window/5")["default"]
    dns = next(schemas["dns"] for schemas in window.values() if "dns" in schemas)

    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("u")
        assert f"wire {dns['wire_packets']['total']:,}" in headline(app)
        shown = [(row.name, row.estimate) for row in panel(app, "QName 2").panel.rows]
        assert shown == [(item["name"], item["estimate"]) for item in dns["top_qname2"]]
        assert ("Drops" in headline(app)) == any("pcap" in found for found in window.values())

    play(story, size)


def test_enter_drills_down_and_escape_comes_back(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        panel(app, "QTypes").focus()
        await pilot.press("j", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)
        name, counts = app.screen.rows()[0]
        assert name == "A"
        assert len(counts) >= 2  # the sample is longer than one period
        await pilot.press("j", "k", "escape")
        assert isinstance(app.screen, MainScreen)

    play(story)


def test_the_sums_over_periods_are_those_of_the_merged_window(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        table = panel(app, "QTypes")
        merged = {row.name: row.estimate for row in table.panel.rows}
        table.focus()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)
        assert sum(app.screen.rows()[0][1]) == merged["A"]

    play(story)


def test_slash_filters_rows_as_they_are_typed_and_escape_clears(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"shop", "enter")
        names = [row.name for row in panel(app, "QName 2").rows]
        assert names
        assert all("shop" in name for name in names)
        await pilot.press("escape")
        assert app.view.needle == ""
        assert app.screen.query_one(Input).has_class("hidden")

    play(story)


def test_arrows_and_letters_move_between_tables_and_rows(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        first = panel(app, "QName 2")
        first.focus()
        await pilot.press("l")
        assert app.focused is panel(app, "QName 3")
        await pilot.press("h", "down", "j", "up")
        assert app.focused is first
        assert first.cursor == 1

    play(story)


def test_s_percent_and_u_change_how_things_are_drawn(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "%" in headline(app)
        await pilot.press("percent_sign")
        assert "%" not in headline(app)
        await pilot.press("s")
        names = [row.name for row in panel(app, "QName 2").rows]
        assert names == sorted(names)
        assert "2.5k" in headline(app)
        await pilot.press("u")
        assert "2.5k" not in headline(app)

    play(story)


def test_p_and_w_pick_policy_and_window(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("k", "k", "k", "k", "enter")
        await app.workers.wait_for_complete()
        assert app.feed.window == 0
        await pilot.press("p")
        await pilot.pause(0.2)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("escape")
        assert app.feed.policy == "default"

    play(story)


def test_f_freezes_and_says_so(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        assert "FROZEN" in app.feed.title
        await pilot.press("f")
        assert "FROZEN" not in app.feed.title

    play(story)


def test_y_copies_the_row_and_e_writes_the_table(play: Play, tmp_path: Path) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        panel(app, "QTypes").focus()
        await pilot.press("y", "e")
        assert app.clipboard == "A"

    play(story)
    (table,) = tmp_path.glob("*.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    (document,) = tmp_path.glob("*.json")
    assert rows[0]["name"] == json.loads(document.read_text())["rows"][0]["name"] == "A"


def test_question_mark_lists_every_key_and_t_changes_the_theme(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        before = app.theme
        await pilot.press("t")
        assert app.theme != before
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("q")
        assert isinstance(app.screen, MainScreen)

    play(story)
    assert {"q, Ctrl+C", "?", "/", "f", "p", "w", "s"} <= {keys for keys, _ in KEYS}


def test_q_quits(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        assert app.return_code == 0

    play(story)


def problem(app: PktvisorApp) -> str:
    return str(app.screen.query_one("#problem", Static).render())


def test_an_agent_that_is_not_there_is_named_with_what_to_do(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "no agent answers at http://127.0.0.1:1; is pktvisord running there?" in problem(app)

    play(story, at=Endpoint("127.0.0.1", 1))


def test_an_unknown_policy_is_answered_with_those_there_are(play: Play) -> None:
    async def story(app: PktvisorApp, pilot: Pilot[None]) -> None:
        assert "no policy 'nope'; the agent has: default" in problem(app)

    play(story, policy="nope")
