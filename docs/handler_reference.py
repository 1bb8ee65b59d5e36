"""The reference page of each installed handler, from the declarations of its buckets and config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import groupby
from typing import Any

from pktvisor.metrics import Directions, Metric, MetricSet
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec

__all__ = ["pages"]

_ANY_DIRECTION = "<direction>"


def pages() -> dict[str, str]:
    """Text by file name: one page a handler, with all its versions."""
    specs = sorted(Plugins().handlers.values(), key=lambda spec: (spec.name, spec.version))
    found = {}
    for name, versions in groupby(specs, key=lambda spec: spec.name):
        parts = [f"# Handler `{name}`\n\nMade from the declarations; `make docs` writes it anew.\n"]
        parts.extend(_version(spec) for spec in versions)
        found[f"handlers/{name}.md"] = "\n".join(parts)
    return found


def _version(spec: HandlerSpec) -> str:
    bucket = spec.bucket
    lines = [
        f"## Version {spec.version}\n",
        f"{spec.doc}. Its JSON object and Prometheus names begin with `{bucket.schema}`.",
        f"It reads {', '.join(f'`{kind.__name__}`' for kind in spec.accepts)}.\n",
        *_groups(spec),
        "### Metrics\n",
        *_table(
            ("JSON path", "kind", "Prometheus name", "labels", "group", "unit", "meaning"),
            _metrics(bucket, bucket.schema),
        ),
        *_settings(spec),
    ]
    return "\n".join(lines)


def _groups(spec: HandlerSpec) -> Iterator[str]:
    if not spec.bucket.groups:
        return
    yield "### Metric groups\n"
    rows = ((f"`{name}`", "on" if on else "off") for name, on in spec.bucket.groups.items())
    yield from _table(("group", "by default"), rows)


def _metrics(
    metrics: type[MetricSet], schema: str, part: Directions[Any] | None = None
) -> Iterator[tuple[str, ...]]:
    before = f"{_ANY_DIRECTION}." if part else ""
    for metric in metrics.metrics.values():
        labels = [f"`{name}`" for name in _labels(metric, part)]
        yield (
            f"`{before}{'.'.join(metric.path)}`",
            metric.kind.replace("_", "-"),
            f"`{metric.family(schema)}` ({metric.prometheus_type})",
            ", ".join(labels),
            ", ".join(f"`{group}`" for group in metric.groups) or "always",
            metric.unit,
            metric.help + (" (deep-sampled events)" if metric.deep else ""),
        )
    for inner in metrics.parts.values():
        yield from _metrics(inner.kind, schema, inner)


def _labels(metric: Metric[Any], part: Directions[Any] | None) -> Iterator[str]:
    if part is not None:
        yield part.label
    if metric.label:
        yield metric.label


def _settings(spec: HandlerSpec) -> Iterator[str]:
    described = fields(spec.config)
    if not described:
        return
    yield "### Settings and filters\n"
    rows = []
    for field in described:
        default = "" if field.default in (None, MISSING) else f"`{str(field.default).lower()}`"
        kind = "filter" if field.metadata.get("filter") else "setting"
        rows.append((f"`{field.name}`", kind, default, str(field.metadata.get("doc", ""))))
    yield from _table(("key", "kind", "default", "meaning"), iter(rows))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
