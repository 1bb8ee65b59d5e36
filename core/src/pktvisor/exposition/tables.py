"""A snapshot as tables for people, drawn from the declarations: it works for any handler."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pktvisor.metrics import Bucket, Metric
from pktvisor.metrics.quantiles import RANKS
from pktvisor.snapshot import HandlerSnapshot, Snapshot

__all__ = ["print_tables"]

_NS = 1_000_000_000
# A metric's name in the table, its declaration and its value.
Row = tuple[str, Metric[Any], Any]


def print_tables(snapshot: Snapshot, console: Console | None = None) -> None:
    """Print every handler's kept periods, merged, on standard output."""
    console = console or Console()
    for handler in snapshot.handlers.values():
        console.print(_handler(handler, console.width))


def _handler(handler: HandlerSnapshot, width: int) -> RenderableType:
    bucket = handler.window()
    rows: list[Row] = []
    if not bucket.silent:
        rows = [(".".join(s.path), s.metric, s.state.to_json()) for s in bucket.shown()]
    counts = [row for row in rows if row[1].kind in ("counter", "cardinality")]
    spreads = [row for row in rows if row[1].kind in ("rate", "quantiles") and row[2]]
    tops = [row for row in rows if row[1].kind == "top_n" and row[2]]
    parts: list[RenderableType] = []
    if counts:
        parts.append(Columns([_count(*row) for row in counts], padding=(0, 4), equal=True))
    if spreads:
        parts.append(_spreads(spreads))
    if tops:
        wide = max(min((width - 8) // 2, 60), 30)
        parts.append(Columns([_top(name, items, wide) for name, _, items in tops], padding=(1, 2)))
    if not parts:
        parts.append(Text("nothing to show: all metric groups are off"))
    return Panel(Group(*parts), title=_title(handler, bucket), title_align="left")


def _title(handler: HandlerSnapshot, bucket: Bucket) -> Text:
    start = datetime.fromtimestamp(bucket.start_ns / _NS, UTC)
    text = f"{handler.name} {handler.version}  from {start:%Y-%m-%d %H:%M:%S} UTC"
    return Text(f"{text} for {bucket.length} s")


def _count(name: str, metric: Metric[Any], value: int) -> Text:
    about = "~" if metric.kind == "cardinality" else ""
    return Text.assemble((name, "dim"), "  ", (f"{about}{value:,}", "bold"))


def _spreads(rows: Iterable[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for name in RANKS:
        table.add_column(name, justify="right")
    table.add_column("unit")
    for name, metric, quantiles in rows:
        cells = (_number(quantiles[rank]) if rank in quantiles else "" for rank in RANKS)
        table.add_row(name, *cells, metric.unit)
    return table


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _top(name: str, items: list[dict[str, Any]], width: int) -> Table:
    table = Table(title=name, title_justify="left", box=None, show_header=False, width=width)
    table.add_column("name", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("estimate", justify="right")
    for item in items:
        table.add_row(Text(str(item["name"]) or '""'), f"{item['estimate']:,}")
    return table
