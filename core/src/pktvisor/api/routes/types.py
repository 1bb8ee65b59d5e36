"""Which types of input and handler are installed, and everything their declarations say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from litestar import get
from litestar.handlers import HTTPRouteHandler

from pktvisor.api.errors import ApiError, refusals
from pktvisor.api.routes.shapes import Type
from pktvisor.plugins import Plugins
from pktvisor.reflection import describe_handler, describe_input, overview
from pktvisor.type_shapes import HandlerType, InputType, TypeSummary

__all__ = ["type_routes"]

Shape = TypeVar("Shape")

_MISSING = refusals(_404="no such type is installed; the text names those that are")


def type_routes(plugins: Plugins) -> list[HTTPRouteHandler]:
    """The types there are, and one level below each of them."""

    @get("/api/v1/inputs", sync_to_thread=False, tags=["types"])
    def inputs() -> dict[str, TypeSummary]:
        """All input types that are installed."""
        return overview(plugins, "input")

    @get("/api/v1/inputs/{input_type:str}", sync_to_thread=True, tags=["types"], responses=_MISSING)
    def input_type_info(input_type: Type) -> InputType:
        """An input type: its versions, and the settings and filters of each."""
        return _described(describe_input, plugins, input_type)

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
        return _described(describe_handler, plugins, handler_type)

    return [inputs, input_type_info, handlers, handler_type_info]


def _described(describe: Callable[[Plugins, str], Shape], plugins: Plugins, name: str) -> Shape:
    try:
        return describe(plugins, name)
    except LookupError as error:
        raise ApiError(404, str(error.args[0])) from None
