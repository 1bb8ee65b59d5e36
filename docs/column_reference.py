"""The page on columns, from the tables that declare them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from pktvisor.batches import PacketBatch, Table
from pktvisor.stages.dns_messages import DnsMessages
from pktvisor.stages.ip_reassembly import Datagrams

_INTRODUCTION = """\
# Columns

A batch is a set of columns of equal length: numpy arrays, read-only, one entry a row. `batch.source_port` gives the
array, `PacketBatch.source_port` its declaration, from which this page is made. Nothing that comes from a batch may be
kept beyond the call it was handed to. Offsets count bytes from the start of the batch's arena.
"""
_TABLES: Mapping[type[Table], str] = {
    PacketBatch: "What capture inputs emit; up to 16384 rows, in arrival order.",
    DnsMessages: 'What the stage `dns_messages` makes: `batch.stage(DnsMessages)`, with `needs={"dns_messages"}`.',
    Datagrams: "What the stage `ip_reassembly` makes, which `dns_messages` reads.",
}


def page() -> str:
    """The Markdown of the whole page."""
    return "\n".join([_INTRODUCTION, *(_section(kind, use) for kind, use in _TABLES.items())])


def _section(kind: type[Table], use: str) -> str:
    rows = [
        f"| `{name}` | {column.dtype.name} | {column.unit} | {column.meaning} |"
        for name, column in kind.columns.items()
    ]
    said = (inspect.getdoc(kind) or "").partition("\n")[0]
    head = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {kind.__name__}", "", f"{said} {use}", "", *head, *rows, ""])
