"""The JSON of a bucket as a JSON schema, made from the declarations of its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pktvisor.metrics import Bucket, Metric, MetricSet
from pktvisor.metrics.quantiles import RANKS

__all__ = ["DIALECT", "bucket_schema", "families"]

DIALECT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]

_COUNT: Schema = {"type": "integer", "minimum": 0}
_ITEM: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "estimate": _COUNT,
        "lat": {"type": "string"},
        "lon": {"type": "string"},
    },
    "required": ["name", "estimate"],
    "additionalProperties": False,
}
# A number, so that the original's answers validate: it calculates counts from a sketch.
_BUCKETS: Schema = {
    "type": "object",
    "properties": {"+Inf": {"type": "number"}},
    "required": ["+Inf"],
    "additionalProperties": {"type": "number", "minimum": 0},
}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


# By the kind of metric. One that is not here may show anything.
_KINDS: dict[str, Schema] = {
    "counter": _COUNT,
    "cardinality": _COUNT,
    "top_n": {"type": "array", "items": _ITEM},
    "quantiles": _object({rank: {"type": "number"} for rank in RANKS}, list(RANKS)),
    "rate": {**_object(dict.fromkeys((*RANKS, "live"), _COUNT), []), "minProperties": 1},
    "histogram": _object({"buckets": _BUCKETS}, ["buckets"]),
}
_ALWAYS = ("counter", "cardinality", "top_n")  # shown without values too
_PERIOD = _object({"start_ts": {"type": "integer"}, "length": _COUNT}, ["start_ts", "length"])


def bucket_schema(bucket: type[Bucket], groups: frozenset[str] | None = None) -> Schema:
    """The schema (draft 7) of the object a bucket of this class is shown as.

    With `groups`, that of a bucket with exactly these metric groups on: what it shows without
    values too is required, and what it never shows is not allowed. Without, any metric may be
    missing whose group can be off.
    """
    schema = _set_schema(bucket, groups)
    schema["properties"]["period"] = _PERIOD
    schema["required"].append("period")
    return {"$schema": DIALECT, "title": f"{bucket.schema} bucket", **schema}


def families(bucket: type[Bucket]) -> Iterator[tuple[str, Metric[Any]]]:
    """The name of every Prometheus family of a bucket class, with the metric behind it."""
    seen: set[str] = set()
    for _, metric in bucket.declared():
        name = metric.family(bucket.schema)
        if name not in seen:
            seen.add(name)
            yield name, metric


def _set_schema(metrics: type[MetricSet], groups: frozenset[str] | None) -> Schema:
    schema = _object({}, [])
    for metric in metrics.metrics.values():
        if groups is None or metric.enabled(groups):
            _place(schema, metric, always=groups is not None or not metric.groups)
    for part in metrics.parts.values():
        for key in part.keys:
            schema["properties"][key] = _set_schema(part.kind, groups)
    return schema


def _place(schema: Schema, metric: Metric[Any], *, always: bool) -> None:
    """Add a metric under the levels of its path; a level is required if what is in it is."""
    required = always and metric.kind in _ALWAYS
    for step in metric.path[:-1]:
        inner = schema["properties"].setdefault(step, _object({}, []))
        if required and step not in schema["required"]:
            schema["required"].append(step)
        schema = inner
    shown = {"description": metric.help, **_KINDS.get(metric.kind, {})}
    schema["properties"][metric.path[-1]] = shown
    if required:
        schema["required"].append(metric.path[-1])
