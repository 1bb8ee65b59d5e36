"""Inputs and handlers made and removed one by one, as the original's 3.x API has it.

`T` in a path is an input or handler type, whichever are installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from litestar import Request, delete, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from typing_extensions import TypedDict

from pktvisor.api.answers import PeriodError, by_schema, period_bucket
from pktvisor.api.content import DOCUMENT, document
from pktvisor.api.errors import BUSY, UNCHANGED, ApiError, refusals
from pktvisor.api.routes.shapes import Name, Number, Schemas, Type
from pktvisor.engine.agent import Agent

__all__ = ["runtime_routes"]

_INPUT = "/api/v1/inputs/{input_type:str}/{name:str}"
_HANDLERS = f"{_INPUT}/handlers/{{handler_type:str}}"
_HANDLER = f"{_HANDLERS}/{{handler:str}}"

_READS = refusals(_400="the handler is of another type", _404="there is no such object", _503=BUSY)
_WRITES = refusals(
    _400="the request is refused; nothing was changed",
    _401="the token is missing or wrong",
    _404="there is no such input",
    _413="the body is too long",
)
_ATTACHES = {**_WRITES, **refusals(_503=UNCHANGED)}
_REMOVALS = refusals(
    _400="the input still has handlers",
    _401="the token is missing or wrong",
    _404="there is no such object",
)
_DETACHES = refusals(
    _400="the request is refused; nothing was changed",
    _401="the token is missing or wrong",
    _404="there is no such object",
    _503=UNCHANGED,
)


class Attached(TypedDict):
    """A handler that was attached."""

    name: str
    periods: int
    deep_sample_rate: int


def runtime_routes(agent: Agent, *, writes: bool) -> list[HTTPRouteHandler]:
    """Those that change something only where writes are allowed."""
    objects = agent.objects

    @get(_INPUT, sync_to_thread=True, tags=["run-time objects"], responses=_READS)
    def input_info(input_type: Type, name: Name) -> dict[str, Any]:
        """One input."""
        return objects.input_info(input_type, name)

    @get(_HANDLER, sync_to_thread=True, tags=["run-time objects"], responses=_READS)
    def handler_info(
        input_type: Type, name: Name, handler_type: Type, handler: Name
    ) -> dict[str, Any]:
        """One handler."""
        return objects.handler_info(input_type, name, handler_type, handler)

    @get(
        f"{_HANDLER}/bucket/{{period:int}}",
        sync_to_thread=True,
        tags=["run-time objects"],
        responses=refusals(
            _400="there is never such a period, or the handler is of another type",
            _404="there is no such object",
            _425="the period is not there yet",
            _503=BUSY,
        ),
    )
    def bucket(
        input_type: Type, name: Name, handler_type: Type, handler: Name, period: Number
    ) -> dict[str, Schemas]:
        """One period of a handler."""
        found = objects.snapshot(input_type, name, handler_type, handler)
        try:
            return {"1m": by_schema(found, period_bucket, period)}
        except PeriodError as error:
            raise ApiError(425 if error.early else 400, str(error), {"1m": None}) from None

    if not writes:
        return [input_info, handler_info, bucket]

    @post(
        "/api/v1/inputs/{input_type:str}",
        status_code=200,
        tags=["run-time objects"],
        opt={DOCUMENT: "input"},
        responses=_WRITES,
    )
    async def create(input_type: Type, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Make and start an input."""
        body = await document(request)
        return await sync_to_thread(objects.create_input, input_type, body)

    @delete(
        _INPUT,
        status_code=200,
        sync_to_thread=True,
        tags=["run-time objects"],
        responses=_REMOVALS,
    )
    def remove(input_type: Type, name: Name) -> None:
        """End an input that has no handlers."""
        objects.delete_input(input_type, name)

    @post(
        _HANDLERS,
        status_code=200,
        tags=["run-time objects"],
        opt={DOCUMENT: "handler"},
        responses=_ATTACHES,
    )
    async def attach(
        input_type: Type, name: Name, handler_type: Type, request: Request[Any, Any, Any]
    ) -> Attached:
        """Attach a handler to an input."""
        body = await document(request)
        made = cast("Callable[..., Attached]", objects.attach)
        return await sync_to_thread(made, input_type, name, handler_type, body)

    @delete(
        _HANDLER,
        status_code=200,
        sync_to_thread=True,
        tags=["run-time objects"],
        responses=_DETACHES,
    )
    def detach(
        input_type: Type,
        name: Name,
        handler_type: Type,  # noqa: ARG001 - part of the path; the original does not look at it
        handler: Name,
    ) -> None:
        """Detach a handler; the input goes on."""
        objects.detach(input_type, name, handler)

    return [input_info, handler_info, bucket, create, remove, attach, detach]
