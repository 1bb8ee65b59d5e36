"""Which types of input and handler are installed, and everything their declarations say."""

from __future__ import annotations

from typing import Any, cast

from litestar import get
from litestar.handlers import HTTPRouteHandler
from typing_extensions import TypedDict

from pktvisor.api.errors import ApiError, refusals
from pktvisor.api.routes.shapes import Type
from pktvisor.plugins import Plugins
from pktvisor.reflection import Kind, describe, overview

__all__ = ["type_routes"]

_MISSING = refusals(_404="no such type is installed; the text names those that are")


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


def type_routes(plugins: Plugins) -> list[HTTPRouteHandler]:
    """The types there are, and one level below each of them."""

    @get("/api/v1/inputs", sync_to_thread=False, tags=["types"])
    def inputs() -> dict[str, TypeSummary]:
        """All input types that are installed."""
        return overview(plugins, "input")

    @get("/api/v1/inputs/{input_type:str}", sync_to_thread=True, tags=["types"], responses=_MISSING)
    def input_type_info(input_type: Type) -> InputType:
        """An input type: its versions, and the settings and filters of each."""
        return cast("InputType", _described(plugins, "input", input_type))

    @get("/api/v1/handlers", sync_to_thread=False, tags=["types"])
    def handlers() -> dict[str, TypeSummary]:
        """All handler types that are installed."""
        return overview(plugins, "handler")

    @get(
        "/api/v1/handlers/{handler_type:str}",
        sync_to_thread=True,
        tags=["types"],
        responses=_MISSING,
    )
    def handler_type_info(handler_type: Type) -> HandlerType:
        """A handler type: its versions, and the settings, filters, groups and metrics of each."""
        return cast("HandlerType", _described(plugins, "handler", handler_type))

    return [inputs, input_type_info, handlers, handler_type_info]


def _described(plugins: Plugins, kind: Kind, name: str) -> dict[str, Any]:
    try:
        return describe(plugins, kind, name)
    except LookupError as error:
        raise ApiError(404, str(error.args[0])) from None
