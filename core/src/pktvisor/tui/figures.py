"""Turn the JSON of any handler into figures to draw, by its shape alone.

A number is a count, an object of p50… a spread, a list of named estimates a table, an object with
`buckets` a histogram; everything else is a level of the path. So a handler this program has never
heard of shows as well as `dns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Figures", "Row", "Spread", "TopTable", "figures", "merged_schemas"]

QUANTILES = ("p50", "p90", "p95", "p99")


@dataclass(frozen=True)
class Row:
    """One entry of a table."""

    name: str
    estimate: int


@dataclass(frozen=True)
class TopTable:
    """A list of the heaviest names."""

    path: str
    rows: tuple[Row, ...]


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
    tables: dict[str, TopTable] = field(default_factory=dict)
    histograms: dict[str, dict[str, float]] = field(default_factory=dict)
    start_ts: int = 0
    length_s: int = 0

    def count(self, path: str) -> float:
        """A count, 0 where there is none."""
        return self.counts.get(path, 0)


def figures(schema: Mapping[str, Any]) -> Figures:
    """The figures of one schema object of a metrics answer."""
    found = Figures()
    period = schema.get("period")
    if isinstance(period, Mapping):
        found.start_ts = int(period.get("start_ts") or 0)
        found.length_s = int(period.get("length") or 0)
    for path, value in _leaves(schema, ""):
        if isinstance(value, list):
            found.tables[path] = TopTable(path, tuple(_rows(value)))
        elif isinstance(value, Mapping):
            _object(found, path, value)
        elif isinstance(value, int | float):
            found.counts[path] = value
    return found


def merged_schemas(handlers: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, Figures]]:
    """`{schema: (handler, figures)}` of a policy; two handlers of one schema keep apart by name."""
    found: dict[str, tuple[str, Figures]] = {}
    for handler, schemas in sorted(handlers.items()):
        for schema, content in (schemas or {}).items():
            if isinstance(content, Mapping):
                key = schema if schema not in found else f"{schema} ({handler})"
                found[key] = (handler, figures(content))
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
        found.histograms[path] = {str(k): float(v) for k, v in value["buckets"].items()}
        return
    quantiles = tuple(float(value[name]) for name in QUANTILES if name in value)
    live = value.get("live")
    found.spreads[path] = Spread(path, quantiles, None if live is None else float(live))


def _rows(items: list[Any]) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Mapping) and "name" in item:
            yield Row(_printable(str(item["name"])), int(item.get("estimate") or 0))


def _printable(text: str) -> str:
    """Text that cannot move the cursor or ring the bell: it came from the network."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
