"""The overview without a screen: the same figures as text, for pipes and screenshots of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pktvisor.tui import numbers
from pktvisor.tui.figures import Spread, merged_schemas
from pktvisor.tui.overview import Cell, Panel, lines, panels

__all__ = ["print_figures"]

_ROWS = 10


def print_figures(
    handlers: Mapping[str, Mapping[str, Any]], console: Console | None = None
) -> None:
    """Print header lines and tables of a policy's metrics."""
    console = console or Console()
    schemas = merged_schemas(handlers)
    if not schemas:
        console.print("nothing to show yet")
    for line in lines(schemas):
        parts = Text("  ").join(_cell(cell) for cell in line.cells)
        console.print(Text.assemble((f"{line.title:<10} ", "bold"), parts))
    shown = [_table(panel) for panel in panels(schemas) if panel.rows]
    console.print(Columns(shown, padding=(1, 2)))


def _cell(cell: Cell) -> Text:
    value = cell.value
    if isinstance(value, Spread):
        text = "/".join(numbers.compact(q) for q in value.quantiles)
        if value.live is not None:
            text = f"{numbers.compact(value.live)}/s {text}"
    else:
        text = value if isinstance(value, str) else numbers.exact(value)
    share = numbers.percent(value, cell.base) if isinstance(value, int | float) else ""
    return Text.assemble((cell.label + " ", "dim"), text, (f" {share}" if share else "", "dim"))


def _table(panel: Panel) -> Table:
    table = Table(title=panel.title, title_justify="left", box=None, show_header=False, width=44)
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for row in panel.rows[:_ROWS]:
        share = numbers.percent(row.estimate, panel.base)
        table.add_row(Text(row.name or '""'), numbers.exact(row.estimate), share)
    return table
