"""A described type as tables, and these as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Section", "lead", "sections", "type_text"]

_WIDTH = 100
_METRIC_HEAD = ("JSON path", "kind", "Prometheus name", "labels", "group", "unit", "meaning")


@dataclass(frozen=True)
class Section:
    """A table: its title, its column heads, and rows of as many cells."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def lead(version: Mapping[str, Any]) -> list[str]:
    """What there is to say of one version of a type before its tables, in sentences."""
    lines = [f"{version['description'] or 'Without a description'}."]
    if "schema" in version:
        lines[0] += f" Its JSON object and Prometheus names begin with `{version['schema']}`."
        lines.append(f"It reads {', '.join(f'`{name}`' for name in version['accepts'])}.")
    if "emits" in version:
        lines.append(f"It emits `{version['emits']}`.")
    further = version["config"]["additionalProperties"]
    if further:
        lines.append(f"Further settings are taken: {further['description'].lower()}.")
    return lines


def sections(version: Mapping[str, Any]) -> Iterator[Section]:
    """The tables of one version of a type; those that would be empty are left out."""
    if version.get("groups"):
        groups = version["groups"].items()
        rows = tuple((name, "on" if on else "off") for name, on in groups)
        yield Section("Metric groups", ("group", "by default"), rows)
    if version.get("metrics"):
        yield Section("Metrics", _METRIC_HEAD, tuple(map(_metric, version["metrics"])))
    settings = version["config"]["properties"]
    if settings:
        filters = version["filters"]
        yield Section(
            "Settings and filters" if filters else "Settings",
            ("key", "kind", "default", "meaning"),
            tuple(_setting(key, about, key in filters) for key, about in settings.items()),
        )


def type_text(described: Mapping[str, Any], width: int = _WIDTH) -> str:
    """All versions of a described type, a paragraph a metric or setting."""
    lines = []
    for number, version in described["versions"].items():
        plugin = version["plugin"]
        source = f"{plugin['distribution']} {plugin['version']}".strip()
        default = ", the default" if number == described["default_version"] else ""
        lines.append(f"{described['kind']} {described['name']} {number}{default}; of {source}")
        lines += textwrap.wrap(" ".join(lead(version)).replace("`", ""), width)
        for section in sections(version):
            lines += ["", f"{section.title}:"]
            for row in section.rows:
                lines += _paragraph(section, row, width)
        lines.append("")
    return "\n".join(lines[:-1])


def _paragraph(section: Section, row: tuple[str, ...], width: int) -> list[str]:
    """The first cell alone on a line, what it means and what else there is below it."""
    if len(row) == 2:
        return [f"  {row[0]}: {row[1]}"]
    between = [
        cell if head in ("kind", "Prometheus name") else f"{head} {cell}"
        for head, cell in zip(section.head[1:-1], row[1:-1], strict=True)
        if cell and (head, cell) != ("group", "always")
    ]
    lines = [f"  {row[0]}"]
    for text in filter(None, (row[-1], ", ".join(between))):
        lines += textwrap.wrap(text, width, initial_indent="      ", subsequent_indent="      ")
    return lines


def _metric(metric: Mapping[str, Any]) -> tuple[str, ...]:
    prometheus = metric["prometheus"]
    return (
        metric["path"],
        metric["kind"].replace("_", "-"),
        f"{prometheus['name']} ({prometheus['type']})",
        " ".join(prometheus["labels"]),
        " ".join(metric["groups"]) or "always",
        metric["unit"],
        metric["description"] + (" (deep-sampled events)" if metric["deep_sampled"] else ""),
    )


def _setting(key: str, about: Mapping[str, Any], is_filter: bool) -> tuple[str, ...]:
    default = about.get("default")
    return (
        key,
        "filter" if is_filter else "setting",
        "" if default in (None, "") else str(default).lower(),
        about.get("description", ""),
    )
