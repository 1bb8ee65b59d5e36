"""What can be known of the installed types, made from their declarations.

The API, `pktvisor describe` and the reference pages all show what is said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Literal

from pktvisor.exposition.schema import DIALECT, bucket_schema
from pktvisor.metrics import Bucket, Metric, MetricSet
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, InputSpec, SinkSpec

__all__ = ["KINDS", "Kind", "config_schema", "describe", "overview"]

Kind = Literal["input", "handler", "sink"]
AnySpec = InputSpec | HandlerSpec | SinkSpec

KINDS: tuple[Kind, ...] = ("input", "handler", "sink")


def overview(plugins: Plugins, kind: Kind) -> dict[str, Any]:
    """Every type of a kind by name: what it is for, its versions and the one taken by default."""
    return {
        name: {
            "versions": sorted(versions),
            "default_version": min(versions),
            "description": versions[min(versions)].doc,
        }
        for name, versions in sorted(_by_name(plugins, kind).items())
    }


def describe(plugins: Plugins, kind: Kind, name: str) -> dict[str, Any]:
    """One type with all its versions, as plain data. LookupError names those that are installed.

    Of every version: the plugin it is from, its settings as a JSON schema, and which of them are
    filters. An input says what it emits; a handler what it accepts, its metric groups with their
    defaults, each metric, and the JSON schema of the object its metrics are shown as.
    """
    versions = _by_name(plugins, kind).get(name)
    if versions is None:
        getattr(plugins, kind)(name)  # raises
        raise AssertionError(name)
    return {
        "name": name,
        "kind": kind,
        "default_version": min(versions),
        "versions": {
            version: {
                "description": spec.doc,
                "plugin": _plugin(plugins, f"{kind} {name} {version}"),
                **_own(spec),
                "config": config_schema(spec.config),
                "filters": [f.name for f in fields(spec.config) if f.metadata.get("filter")],
            }
            for version, spec in sorted(versions.items())
        },
    }


def config_schema(config: type) -> dict[str, Any]:
    """The JSON schema (draft 7) of the settings a config dataclass declares, filters among them."""
    from pydantic import TypeAdapter

    made = TypeAdapter(config).json_schema()
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }
    if "required" in made:
        schema["required"] = made["required"]
    if "$defs" in made:
        schema["$defs"] = made["$defs"]
    for field in fields(config):
        about = {k: v for k, v in made["properties"][field.name].items() if k != "title"}
        if "doc" in field.metadata:
            about = {"description": field.metadata["doc"], **about}
        if field.metadata.get("rest"):
            schema["additionalProperties"] = {"description": about.get("description", "")}
        else:
            schema["properties"][field.name] = about
    return schema


def _by_name(plugins: Plugins, kind: Kind) -> dict[str, dict[str, AnySpec]]:
    known: Mapping[tuple[str, str], AnySpec] = getattr(plugins, f"{kind}s")
    found: dict[str, dict[str, AnySpec]] = {}
    for (name, version), spec in known.items():
        found.setdefault(name, {})[version] = spec
    return found


def _plugin(plugins: Plugins, provided: str) -> dict[str, str]:
    record = next(r for r in plugins.records if provided in r.provides)
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
    }


def _own(spec: AnySpec) -> dict[str, Any]:
    """What only this kind of type has to say."""
    if isinstance(spec, InputSpec):
        return {"emits": spec.emits.__name__}
    if isinstance(spec, HandlerSpec):
        return {
            "accepts": [kind.__name__ for kind in spec.accepts],
            "needs": sorted(spec.needs),
            "schema": spec.bucket.schema,
            "groups": dict(spec.bucket.groups),
            "metrics": list(_metrics(spec.bucket, spec.bucket)),
            "json_schema": bucket_schema(spec.bucket),
        }
    return {}


def _metrics(
    bucket: type[Bucket],
    metrics: type[MetricSet],
    before: str = "",
    labels: Mapping[str, list[str] | None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Each metric once; `<direction>.` in a path stands for what its label may be."""
    outer = dict(labels or {})
    for metric in metrics.metrics.values():
        own: dict[str, None] = {metric.label: None} if metric.label else {}
        yield {"path": before + ".".join(metric.path), **_metric(metric, bucket, {**outer, **own})}
    for part in metrics.parts.values():
        yield from _metrics(
            bucket,
            part.kind,
            f"{before}<{part.label}>.",
            {**outer, part.label: list(part.keys)},
        )


def _metric(
    metric: Metric[Any], bucket: type[Bucket], labels: Mapping[str, list[str] | None]
) -> dict[str, Any]:
    """A metric without its place. Values of a label are listed where they are known beforehand."""
    return {
        "kind": metric.kind,
        "description": metric.help,
        "unit": metric.unit,
        "groups": list(metric.groups),
        "deep_sampled": metric.deep,
        "prometheus": {
            "name": metric.family(bucket.schema),
            "type": metric.prometheus_type,
            "labels": dict(labels),
        },
    }
