"""What can be known of the installed types, made from their declarations.

The API, `pktvisor describe` and the reference pages all show what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args

from pktvisor.exposition.schema import DIALECT, bucket_schema
from pktvisor.metrics import Bucket, Metric, MetricSet
from pktvisor.plugins import Kind, Plugins, Spec, versions_of
from pktvisor.type_shapes import (
    HandlerType,
    HandlerVersion,
    InputType,
    InputVersion,
    MetricInfo,
    PluginOrigin,
    SinkType,
    SinkVersion,
    TypeSummary,
)

__all__ = [
    "KINDS",
    "Kind",
    "config_schema",
    "describe",
    "describe_handler",
    "describe_input",
    "describe_sink",
    "overview",
]

KINDS: tuple[Kind, ...] = get_args(Kind)


def overview(plugins: Plugins, kind: Kind) -> dict[str, TypeSummary]:
    """Every type of a kind by name: what it is for, its versions and the one taken by default."""
    return {
        name: {
            "versions": list(versions),
            "default_version": next(iter(versions)),
            "description": next(iter(versions.values())).doc,
        }
        for name, versions in plugins.types(kind).items()
    }


def describe(plugins: Plugins, kind: Kind, name: str) -> dict[str, Any]:
    """One type with all its versions, as plain data. LookupError names those that are installed.

    Of every version: the plugin it is from, its settings as a JSON schema, and which of them are
    filters. An input says what it emits; a handler what it accepts, its metric groups with their
    defaults, each metric, and the JSON schema of the object its metrics are shown as.
    """
    makers: dict[Kind, Callable[[Plugins, str], Any]] = {
        "input": describe_input,
        "handler": describe_handler,
        "sink": describe_sink,
    }
    described: dict[str, Any] = makers[kind](plugins, name)
    return described


def describe_input(plugins: Plugins, name: str) -> InputType:
    """An input type, as `describe`."""
    default = plugins.input(name).version
    versions: dict[str, InputVersion] = {
        version: {
            "description": spec.doc,
            "plugin": _origin(plugins, spec),
            "emits": spec.emits.__name__,
            "config": config_schema(spec.config),
            "filters": _filters(spec.config),
        }
        for version, spec in versions_of(plugins.inputs, name).items()
    }
    return {"name": name, "kind": "input", "default_version": default, "versions": versions}


def describe_handler(plugins: Plugins, name: str) -> HandlerType:
    """A handler type, as `describe`."""
    default = plugins.handler(name).version
    versions: dict[str, HandlerVersion] = {
        version: {
            "description": spec.doc,
            "plugin": _origin(plugins, spec),
            "accepts": [kind.__name__ for kind in spec.accepts],
            "needs": sorted(spec.needs),
            "schema": spec.bucket.schema,
            "groups": dict(spec.bucket.groups),
            "metrics": list(_metrics(spec.bucket, spec.bucket)),
            "json_schema": bucket_schema(spec.bucket),
            "config": config_schema(spec.config),
            "filters": _filters(spec.config),
        }
        for version, spec in versions_of(plugins.handlers, name).items()
    }
    return {"name": name, "kind": "handler", "default_version": default, "versions": versions}


def describe_sink(plugins: Plugins, name: str) -> SinkType:
    """A sink type, as `describe`."""
    default = plugins.sink(name).version
    versions: dict[str, SinkVersion] = {
        version: {
            "description": spec.doc,
            "plugin": _origin(plugins, spec),
            "config": config_schema(spec.config),
            "filters": _filters(spec.config),
        }
        for version, spec in versions_of(plugins.sinks, name).items()
    }
    return {"name": name, "kind": "sink", "default_version": default, "versions": versions}


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


def _filters(config: type) -> list[str]:
    return [f.name for f in fields(config) if f.metadata.get("filter")]


def _origin(plugins: Plugins, spec: Spec) -> PluginOrigin:
    record = plugins.origin(spec)
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
    }


def _metrics(
    bucket: type[Bucket],
    metrics: type[MetricSet],
    before: str = "",
    labels: Mapping[str, list[str] | None] | None = None,
) -> Iterator[MetricInfo]:
    """Each metric once; `<direction>.` in a path stands for what its label may be."""
    outer = dict(labels or {})
    for metric in metrics.metrics.values():
        own: dict[str, None] = {metric.label: None} if metric.label else {}
        path = before + ".".join(metric.path)
        yield _metric(path, metric, bucket, {**outer, **own})
    for part in metrics.parts.values():
        yield from _metrics(
            bucket,
            part.kind,
            f"{before}<{part.label}>.",
            {**outer, part.label: list(part.keys)},
        )


def _metric(
    path: str,
    metric: Metric[Any],
    bucket: type[Bucket],
    labels: Mapping[str, list[str] | None],
) -> MetricInfo:
    """A metric at its place. Values of a label are listed where they are known beforehand."""
    return {
        "path": path,
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
