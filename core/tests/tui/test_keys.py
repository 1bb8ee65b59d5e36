"""Every key does what the help page says, on a real agent's figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from core.tests.tui.stories import (
    Play,
    Story,
    headline,
    opened,
    settled,
    table,
    titles,
    until,
)
from textual.binding import Binding
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, OptionList

from pktvisor.tui.app import PktvisorApp
from pktvisor.tui.client import LIVE
from pktvisor.tui.screens.choose import ChooseScreen
from pktvisor.tui.screens.detail import DetailScreen
from pktvisor.tui.screens.help import KEYS, HelpScreen
from pktvisor.tui.screens.main import MainScreen
from pktvisor.tui.title_bar import TitleBar
from pktvisor.tui.top_panel import TopPanel

STORIES: dict[tuple[type, str], Story] = {}
OWNERS = (PktvisorApp, MainScreen, TopPanel, DetailScreen, ChooseScreen, HelpScreen)
# How the help page spells the keys that it does not spell as they are bound.
SPELLED = {
    "slash": "/", "question_mark": "?", "percent_sign": "%", "escape": "Esc", "ctrl+c": "Ctrl+C",
    "ctrl+p": "Ctrl+P", "enter": "Enter", "backspace": "Backspace",
    **dict.fromkeys(("up", "down", "left", "right"), "arrows"), **dict.fromkeys("hjkl", "hjkl"),
}  # fmt: skip


def key(owner: type, *names: str) -> Callable[[Story], Story]:
    """The story shows what these keys of a screen or widget do."""

    def keep(story: Story) -> Story:
        STORIES.update(dict.fromkeys([(owner, name) for name in names], story))
        return story

    return keep


async def on(app: PktvisorApp, pilot: Pilot[None], screen: type) -> None:
    await until(pilot, lambda: isinstance(app.screen, screen) and app.screen.is_mounted)
    await settled(app, pilot)


@key(PktvisorApp, "q")
async def q_quits(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("q")
    await until(pilot, lambda: app.return_code == 0)


@key(PktvisorApp, "ctrl+c")
async def ctrl_c_quits(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("slash", "ctrl+c")  # while typing as well
    await until(pilot, lambda: app.return_code == 0)


@key(PktvisorApp, "question_mark")
@key(HelpScreen, "escape", "q", "question_mark")
async def question_mark_shows_the_keys(app: PktvisorApp, pilot: Pilot[None]) -> None:
    for closing in ("escape", "q", "question_mark"):
        await pilot.press("question_mark")
        await on(app, pilot, HelpScreen)
        await pilot.press(closing)
        await on(app, pilot, MainScreen)


@key(PktvisorApp, "ctrl+p")
async def ctrl_p_opens_the_palette_with_our_commands(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+p")
    await on(app, pilot, CommandPalette)
    await pilot.press(*"freeze")
    options = app.screen.query_one(OptionList)
    await until(pilot, lambda: options.option_count == 1)
    await pilot.press("enter")
    await until(pilot, lambda: app.feed.frozen)


@key(PktvisorApp, "f")
async def f_freezes_and_says_so(app: PktvisorApp, pilot: Pilot[None]) -> None:
    bar = app.screen.query_one(TitleBar)
    await pilot.press("f")
    await until(pilot, lambda: bar.text.startswith("FROZEN"))
    await pilot.press("f")
    await until(pilot, lambda: "FROZEN" not in bar.text)


@key(PktvisorApp, "s")
async def s_sorts_by_name_and_by_estimate(app: PktvisorApp, pilot: Pilot[None]) -> None:
    rows = table(app, "QTypes").rows
    by_name = sorted(rows, key=lambda row: row.name)
    assert rows != by_name
    await pilot.press("s")
    await until(pilot, lambda: table(app, "QTypes").rows == by_name)
    await pilot.press("s")
    await until(pilot, lambda: table(app, "QTypes").rows == rows)


@key(PktvisorApp, "percent_sign")
async def percent_hides_shares(app: PktvisorApp, pilot: Pilot[None]) -> None:
    def shown() -> str:
        return headline(app) + table(app, "QTypes").plain

    assert "%" in shown()
    await pilot.press("percent_sign")
    await until(pilot, lambda: "%" not in shown())


@key(PktvisorApp, "u")
async def u_shows_all_digits(app: PktvisorApp, pilot: Pilot[None]) -> None:
    assert "1.6k" in table(app, "QTypes").plain
    await pilot.press("u")
    await until(pilot, lambda: "1,638" in table(app, "QTypes").plain)


@key(PktvisorApp, "t")
async def t_changes_the_theme(app: PktvisorApp, pilot: Pilot[None]) -> None:
    before = app.theme
    await pilot.press("t")
    await until(pilot, lambda: app.theme != before)


@key(PktvisorApp, "y")
async def y_copies_the_row(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await focus(app, pilot, "QTypes")
    await pilot.press("j", "y")
    await until(pilot, lambda: app.clipboard == "AAAA\t399")
    await opened(app, pilot, "QTypes")
    await pilot.press("y")
    await until(pilot, lambda: app.clipboard.count("\t") == 2)
    name, *counts = app.clipboard.split("\t")
    assert (name, sum(map(int, counts))) == ("AAAA", 399)


@key(PktvisorApp, "w")
@key(ChooseScreen, "k", "q")
async def w_picks_the_window(app: PktvisorApp, pilot: Pilot[None]) -> None:
    total = table(app, "QTypes").rows[0].estimate
    await pilot.press("w")
    await on(app, pilot, ChooseScreen)
    await pilot.press("q")
    await on(app, pilot, MainScreen)
    await pilot.press("w")
    await on(app, pilot, ChooseScreen)
    await pilot.press("k", "k", "k", "k", "enter")
    await until(pilot, lambda: app.feed.window == LIVE)
    await until(pilot, lambda: table(app, "QTypes").rows[0].estimate < total)


@key(PktvisorApp, "p")
@key(ChooseScreen, "escape", "j")
async def p_picks_the_policy(app: PktvisorApp, pilot: Pilot[None]) -> None:
    await pilot.press("p")
    await on(app, pilot, ChooseScreen)
    await pilot.press("escape")
    await on(app, pilot, MainScreen)
    assert app.feed.policy == "default"
    await opened(app, pilot, "QTypes")
    await pilot.press("p")
    await on(app, pilot, ChooseScreen)
    await pilot.press("j", "enter")
    await until(pilot, lambda: app.feed.policy.endswith("-resources"))
    await on(app, pilot, MainScreen)
    await until(pilot, lambda: "input_resources" in headline(app))
    assert app.feed.buckets == []  # nothing of the other policy stays


@key(MainScreen, "slash", "escape")
async def slash_filters_rows_as_they_are_typed(app: PktvisorApp, pilot: Pilot[None]) -> None:
    before = titles(app)
    await pilot.press("slash", *"SHOP", "slash", "backspace")
    await until(pilot, lambda: app.view.needle == "SHOP" and "RCodes" not in titles(app))
    assert {"shop" in row.name for row in table(app, "QName 2").rows} == {True}
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.focused, TopPanel))
    await pilot.press("escape")
    await until(pilot, lambda: titles(app) == before)
    assert not app.screen.query_one(Input).display


@key(MainScreen, "left", "h", "right", "l")
@key(TopPanel, "up", "k", "down", "j")
async def arrows_and_letters_move(app: PktvisorApp, pilot: Pilot[None]) -> None:
    first = await focus(app, pilot, "QName 2")
    for right, left in (("l", "h"), ("right", "left")):
        await pilot.press(right)
        await until(pilot, lambda: app.focused is table(app, "QName 3"))
        await pilot.press(left)
        await until(pilot, lambda: app.focused is first)
    for name, place in (("down", 1), ("j", 2), ("up", 1), ("k", 0)):
        await pilot.press(name)
        await until(pilot, lambda place=place: first.cursor == place)


@key(TopPanel, "enter")
@key(DetailScreen, "escape", "backspace", "j", "k")
async def enter_drills_down_and_escape_comes_back(app: PktvisorApp, pilot: Pilot[None]) -> None:
    merged = {row.name: row.estimate for row in table(app, "QTypes").rows}
    for back in ("escape", "backspace"):
        detail = await opened(app, pilot, "QTypes")
        cursor = detail.query_one(DataTable)
        assert len(detail.periods()) == 2  # the sample is longer than one
        assert {name: sum(counts) for name, counts in detail.rows()} == merged
        for name, place in (("j", 1), ("j", 2), ("k", 1)):
            await pilot.press(name)
            await until(pilot, lambda place=place, at=cursor: at.cursor_row == place)
        assert detail.selected == "AAAA"
        await pilot.press(back)
        await on(app, pilot, MainScreen)


@key(PktvisorApp, "e")
async def e_writes_the_table(app: PktvisorApp, pilot: Pilot[None]) -> None:
    for times in (1, 2):
        if times == 1:
            await focus(app, pilot, "QTypes")
        else:
            await opened(app, pilot, "QTypes")
        await pilot.press("e")
        await until(pilot, lambda times=times: len([*app.folder.glob("*.json")]) == times)


async def focus(app: PktvisorApp, pilot: Pilot[None], title: str) -> TopPanel:
    found = table(app, title)
    found.focus()
    await until(pilot, lambda: app.focused is found)
    return found


def bound() -> Iterator[tuple[type, str]]:
    for owner in OWNERS:
        for binding in owner.__dict__["BINDINGS"]:
            assert isinstance(binding, Binding)
            for name in binding.key.split(","):
                yield owner, name


def test_every_key_that_is_bound_has_a_story_here() -> None:
    missing = {f"{owner.__name__}: {name}" for owner, name in set(bound()) - STORIES.keys()}
    assert missing == set()


def test_every_key_that_is_bound_is_on_the_help_page() -> None:
    page = " ".join(keys for keys, _ in KEYS)
    assert {name for _, name in bound() if SPELLED.get(name, name) not in page} == set()


@pytest.mark.parametrize("story", dict.fromkeys(STORIES.values()), ids=lambda told: told.__name__)
def test_a_key_does_what_it_says(play: Play, story: Story) -> None:
    play(story)


def test_e_writes_csv_and_json_and_never_over_a_file(play: Play, tmp_path: Path) -> None:
    play(e_writes_the_table)
    names = ["pktvisor-dns-top-qtype", "pktvisor-dns-top-qtype-1"]
    assert sorted(path.stem for path in tmp_path.glob("*.csv")) == names
    text = (tmp_path / f"{names[0]}.csv").read_text()
    window = list(csv.DictReader(text.splitlines()))
    assert window[0] == {"name": "A", "estimate": "1638"}
    document = json.loads((tmp_path / f"{names[1]}.json").read_text())
    assert document["metric"] == "dns.top_qtype"
    first = document["rows"][0]
    assert first.pop("name") == "A"
    assert sum(first.values()) == 1638
    assert len(first) == 2
