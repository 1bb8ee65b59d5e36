"""How refusals are answered: a status and `{"error": text}`, with nothing changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from typing_extensions import TypedDict

from pktvisor.api.content import JsonResponse
from pktvisor.engine.runner import Busy
from pktvisor.policies.errors import AlreadyExists, ConfigError, NoTapMatch, NotFound

__all__ = ["BUSY", "HANDLERS", "UNCHANGED", "ApiError", "ErrorBody", "refusals"]

_log = logging.getLogger(__name__)


BUSY = "handlers are busy with one batch for too long; ask again"
UNCHANGED = "handlers are busy with one batch for too long; nothing was changed, ask again"


class ErrorBody(TypedDict):
    """What was wrong, where, and what is allowed."""

    error: str


class ApiError(Exception):
    """A request that is refused; `beside` are keys the answer has beside `error`."""

    def __init__(self, status: int, text: str, beside: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.content = {**(beside or {}), "error": text}


def refusals(**reasons: str) -> dict[int, ResponseSpec]:
    """The refusals of a route for its OpenAPI description, as `_404="when"`."""
    return {
        int(status.lstrip("_")): ResponseSpec(ErrorBody, generate_examples=False, description=text)
        for status, text in reasons.items()
    }


def _refused(_: Request[Any, Any, Any], error: ApiError) -> Response[Any]:
    return JsonResponse(error.content, status_code=error.status)


def _bad_config(_: Request[Any, Any, Any], error: ConfigError) -> Response[Any]:
    if isinstance(error, AlreadyExists):
        status = 409
    elif isinstance(error, NoTapMatch):
        # Clients of the original compare this text byte for byte, without a path in front.
        return JsonResponse({"error": error.message}, status_code=422)
    else:
        status = 400
    return JsonResponse({"error": str(error)}, status_code=status)


def _missing(_: Request[Any, Any, Any], error: NotFound) -> Response[Any]:
    return JsonResponse({"error": str(error.args[0])}, status_code=404)


def _busy(_: Request[Any, Any, Any], error: Busy) -> Response[Any]:
    return JsonResponse({"error": str(error)}, status_code=503, headers={"retry-after": "5"})


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Routing and request errors. What is not there, or not for this method, has no body."""
    if error.status_code in (404, 405):
        return Response(b"", status_code=404, media_type="text/plain")
    return JsonResponse({"error": error.detail}, status_code=error.status_code)


def _bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JsonResponse({"error": "internal error; the log says more"}, status_code=500)


HANDLERS: dict[type[Exception] | int, Any] = {
    ApiError: _refused,
    ConfigError: _bad_config,
    NotFound: _missing,
    Busy: _busy,
    HTTPException: _http,
    Exception: _bug,
}
