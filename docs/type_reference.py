"""The reference page of each installed input and handler, from what reflection says of it."""

from __future__ import annotations

from typing import Any

from pktvisor.exposition.type_text import Section, lead, sections
from pktvisor.plugins import Plugins
from pktvisor.reflection import Kind, describe, overview

__all__ = ["pages"]

# Columns whose cells are words of code, one or several.
_CODE = ("group", "JSON path", "labels", "key", "default")


def pages() -> dict[str, str]:
    """Text by file name: one page a type, with all its versions."""
    plugins = Plugins()
    kinds: tuple[Kind, ...] = ("input", "handler")
    return {
        f"{kind}s/{name}.md": _page(describe(plugins, kind, name))
        for kind in kinds
        for name in overview(plugins, kind)
    }


def _page(described: dict[str, Any]) -> str:
    kind, name = described["kind"].capitalize(), described["name"]
    lines = [f"# {kind} `{name}`\n\nMade from the declarations; `make docs` writes it anew.\n"]
    for number, version in described["versions"].items():
        lines += [f"## Version {number}\n", *lead(version), ""]
        for section in sections(version):
            lines += [f"### {section.title}\n", *_table(section), ""]
    return "\n".join(lines)


def _table(section: Section) -> list[str]:
    rows = [
        [_cell(head, cell) for head, cell in zip(section.head, row, strict=True)]
        for row in section.rows
    ]
    return [f"| {' | '.join(section.head)} |", f"|{'---|' * len(section.head)}"] + [
        f"| {' | '.join(row)} |" for row in rows
    ]


def _cell(head: str, text: str) -> str:
    text = text.replace("|", r"\|")
    if head == "Prometheus name":
        name, _, kind = text.partition(" ")
        return f"`{name}` {kind}"
    if head in _CODE and text != "always":
        return ", ".join(f"`{word}`" for word in text.split())
    return text
