"""The overview without a screen: the same figures as text, for pipes and screenshots of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pktvisor.tui.descriptions import Descriptions
from pktvisor.tui.drawing import draw_gauges, draw_lines
from pktvisor.tui.figures import merged_schemas
from pktvisor.tui.ledger import ledger
from pktvisor.tui.overview import gauges, lines, panels
from pktvisor.tui.parts import Panel
from pktvisor.tui.view import View

__all__ = ["print_figures"]

_ROWS = 10
_MOST_GAUGES = 100
_TABLE_WIDTH = 38


def print_figures(
    handlers: Mapping[str, Mapping[str, Any]],
    health: Mapping[str, Any],
    policy: str,
    known: Descriptions | None = None,
    console: Console | None = None,
) -> None:
    """Print lines, gauges and tables of a policy's metrics, with all digits."""
    console = console or Console()
    view = View(short_units=False)
    schemas = merged_schemas(handlers, known)
    found = ledger(health, policy)
    if not schemas:
        console.print(f"policy {policy} has nothing to show yet", markup=False)
    for row in draw_lines(lines(schemas, found), console.width, view):
        console.print(row)
    for row in draw_gauges(gauges(schemas), console.width, _MOST_GAUGES):
        console.print(row)
    if found is not None and found.problem:
        console.print(found.problem, style="bold red", markup=False)
    shown = [_table(panel, view) for panel in panels(schemas) if panel.rows]
    console.print(Columns(shown, padding=(1, 2)))


def _table(panel: Panel, view: View) -> Table:
    table = Table(
        title=Text(panel.title), title_justify="left", box=None, show_header=False,
        width=_TABLE_WIDTH,
    )  # fmt: skip
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for row in panel.rows[:_ROWS]:
        share = view.share(row.estimate, panel.base)
        table.add_row(Text(row.name or '""'), view.number(row.estimate), share)
    return table
