"""Turn the JSON of any handler into figures to draw, by its shape alone.

A number is a count, an object of p50… a spread, a list of named estimates a table, an object with
`buckets` a histogram; everything else is a level of the path. So a handler this program has never
heard of shows as well as `dns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pktvisor.tui.descriptions import Described, Descriptions, declared_order, described

__all__ = [
    "QUANTILES",
    "Figures",
    "Row",
    "Schemas",
    "Source",
    "Spread",
    "figures",
    "merged_schemas",
    "spoken",
]

Source = Literal["table", "counts", "histogram"]
"""Where the rows of a panel come from: a list of names, the counts of a level, ranges of values."""

QUANTILES = ("p50", "p90", "p95", "p99")
"""What the API calls the quantiles of a spread."""

_LEAST = 3
_NO_SUM = ("cardinality", "level")


@dataclass(frozen=True)
class Row:
    """One entry of a table."""

    name: str
    estimate: float
    about: str = ""
    """What the agent says it is."""
    adds: bool = True
    """False for what periods cannot be summed of: distinct values, levels."""


@dataclass(frozen=True)
class Spread:
    """Quantiles of a value or rate, and its value now where there is one."""

    path: str
    quantiles: tuple[float, ...]
    live: float | None = None


@dataclass
class Figures:
    """What one schema object holds, by dotted path."""

    counts: dict[str, float] = field(default_factory=dict)
    spreads: dict[str, Spread] = field(default_factory=dict)
    tables: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    histograms: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    start_ts: int = 0
    length_s: int = 0
    known: Mapping[str, Described] = field(default_factory=dict)
    """What the agent says of the paths; empty where it does not say."""

    def unit(self, path: str) -> str:
        """The unit of a figure, "" where nobody says."""
        about = described(self.known, path)
        return about.unit if about is not None else ""

    def count(self, path: str) -> float:
        """A count, 0 where there is none."""
        return self.counts.get(path, 0)

    def groups(self) -> dict[str, list[str]]:
        """The paths of the counts by their first level, or by the metric group the agent tells.

        "" holds those that stand alone. A group with fewer than three counts is none of its own.
        """
        found: dict[str, list[str]] = {}
        for path in declared_order(self.known, self.counts):
            about = described(self.known, path)
            level = path.partition(".")[0] if "." in path else about.group if about else ""
            found.setdefault(level, []).append(path)
        small = [group for group, paths in found.items() if group and len(paths) < _LEAST]
        for group in small:
            found.setdefault("", []).extend(found.pop(group))
        return dict(sorted(found.items()))

    def rows(self, source: Source, path: str) -> tuple[Row, ...]:
        """The rows a panel shows: of a table, of a histogram, or the counts of a group."""
        if source == "table":
            return self.tables.get(path, ())
        if source == "histogram":
            return self.histograms.get(path, ())
        prefix = f"{path}." if path else ""
        return tuple(self._row(name, prefix) for name in self.groups().get(path, ()))

    def _row(self, path: str, prefix: str) -> Row:
        about = described(self.known, path)
        adds = "cardinality" not in path and (about is None or about.kind not in _NO_SUM)
        text = about.text if about is not None else ""
        return Row(spoken(path.removeprefix(prefix)), self.counts[path], text, adds)


Schemas = Mapping[str, tuple[str, Figures]]
"""`{schema: (handler, figures)}` of a policy, or of one of its buckets."""


def figures(schema: Mapping[str, Any], known: Mapping[str, Described] | None = None) -> Figures:
    """The figures of one schema object of a metrics answer, and what the agent says of them."""
    found = Figures(known=known or {})
    period = schema.get("period")
    if isinstance(period, Mapping):
        found.start_ts = int(period.get("start_ts") or 0)
        found.length_s = int(period.get("length") or 0)
    for path, value in _leaves(schema, ""):
        if isinstance(value, list):
            found.tables[path] = tuple(_rows(value))
        elif isinstance(value, Mapping):
            _object(found, path, value)
        elif isinstance(value, int | float):
            found.counts[path] = value
    return found


def merged_schemas(
    handlers: Mapping[str, Mapping[str, Any]], known: Descriptions | None = None
) -> Schemas:
    """`{schema: (handler, figures)}` of a policy; two handlers of one schema keep apart by name."""
    found: dict[str, tuple[str, Figures]] = {}
    for handler, schemas in sorted(handlers.items()):
        for schema, content in (schemas or {}).items():
            if isinstance(content, Mapping):
                key = schema if schema not in found else f"{schema} ({handler})"
                found[key] = (handler, figures(content, (known or {}).get(schema)))
    return found


def _leaves(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if path == "period":
            continue
        if isinstance(inner, Mapping) and not _is_figure(inner):
            yield from _leaves(inner, path)
        else:
            yield path, inner


def _is_figure(value: Mapping[str, Any]) -> bool:
    return "p50" in value or "live" in value or isinstance(value.get("buckets"), Mapping)


def _object(found: Figures, path: str, value: Mapping[str, Any]) -> None:
    if isinstance(value.get("buckets"), Mapping):
        found.histograms[path] = tuple(_ranges(value["buckets"]))
        return
    quantiles = tuple(float(value[name]) for name in QUANTILES if name in value)
    live = value.get("live")
    found.spreads[path] = Spread(path, quantiles, None if live is None else float(live))


def _rows(items: list[Any]) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Mapping) and "name" in item:
            yield Row(_printable(str(item["name"])), int(item.get("estimate") or 0))


def _ranges(buckets: Mapping[str, float]) -> Iterator[Row]:
    """How many values lie in each range: the buckets count all up to their bound."""
    below = 0.0
    for bound, count in sorted(buckets.items(), key=lambda item: float(item[0])):
        if count > below:
            yield Row("more" if bound == "+Inf" else f"≤ {bound}", count - below)
        below = count


def spoken(path: str) -> str:
    """A path as words."""
    return path.replace("_", " ").replace(".", " ")


def _printable(text: str) -> str:
    """Text that cannot move the cursor or ring the bell: it came from the network."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
