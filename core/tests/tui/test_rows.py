"""Rows are painted for the room there is at that moment."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ComposeResult

from pktvisor.tui.figures import Row
from pktvisor.tui.parts import Panel
from pktvisor.tui.top_panel import TopPanel
from pktvisor.tui.view import View


class Unannounced(TopPanel):
    """A table that never hears of its new size, as none has when it is first painted at it."""

    def on_resize(self, event: events.Resize) -> None:
        event.prevent_default()


class OneTable(App[None]):
    def compose(self) -> ComposeResult:
        yield Unannounced(Panel("Names", "dns", "top", (Row("example.test", 880),)), View())


def test_a_row_fits_a_new_width_before_the_new_size_is_announced() -> None:
    async def act() -> None:
        app = OneTable()
        async with app.run_test(size=(120, 24)) as pilot:
            (table,) = app.query(Unannounced)
            for width in (40, 30):
                table.styles.width = width
                await pilot.pause()
                line = table.render_line(0).text
                assert table.content_size.width == len(line)
                assert line.startswith("example.test ")
                assert line.endswith(" 880")

    asyncio.run(act())
