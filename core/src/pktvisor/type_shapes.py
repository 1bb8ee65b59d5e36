"""The shapes of what is said of installed types; the API documents its answers by them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

__all__ = [
    "HandlerType",
    "HandlerVersion",
    "InputType",
    "InputVersion",
    "MetricInfo",
    "MetricNames",
    "PluginOrigin",
    "SinkType",
    "SinkVersion",
    "TypeSummary",
]


class TypeSummary(TypedDict):
    """A type in short; `default_version` is taken where a policy asks for none."""

    versions: list[str]
    default_version: str
    description: str


class PluginOrigin(TypedDict):
    """The plugin a type is from."""

    name: str
    distribution: str
    version: str


class InputVersion(TypedDict):
    """One version of an input: `config` is the JSON schema of its settings, filters among them."""

    description: str
    plugin: PluginOrigin
    emits: str
    config: dict[str, Any]
    filters: list[str]


class MetricNames(TypedDict):
    """A Prometheus family; of each label the values, where they are known beforehand."""

    name: str
    type: str
    labels: dict[str, list[str] | None]


class MetricInfo(TypedDict):
    """A metric; `<direction>` in the path stands for each value of that label."""

    path: str
    kind: str
    description: str
    unit: str
    groups: list[str]
    deep_sampled: bool
    prometheus: MetricNames


class HandlerVersion(TypedDict):
    """One version of a handler: its settings, metric groups and their defaults, and its metrics.

    `config` is the JSON schema of its settings, filters among them; `json_schema` that of the
    object its metrics are shown as, under the key `schema`.
    """

    description: str
    plugin: PluginOrigin
    accepts: list[str]
    needs: list[str]
    schema: str
    groups: dict[str, bool]
    metrics: list[MetricInfo]
    json_schema: dict[str, Any]
    config: dict[str, Any]
    filters: list[str]


class InputType(TypedDict):
    """An input type with all its versions."""

    name: str
    kind: str
    default_version: str
    versions: dict[str, InputVersion]


class HandlerType(TypedDict):
    """A handler type with all its versions."""

    name: str
    kind: str
    default_version: str
    versions: dict[str, HandlerVersion]


class SinkVersion(TypedDict):
    """One version of a sink: `config` is the JSON schema of its settings, filters among them."""

    description: str
    plugin: PluginOrigin
    config: dict[str, Any]
    filters: list[str]


class SinkType(TypedDict):
    """A sink type with all its versions."""

    name: str
    kind: str
    default_version: str
    versions: dict[str, SinkVersion]
