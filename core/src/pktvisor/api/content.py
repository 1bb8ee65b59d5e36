"""What a request may carry: its content type, and how the answer is written."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import ClientException

__all__ = ["DOCUMENT", "MAX_BODY_BYTES", "PROMETHEUS_TEXT", "JsonResponse", "document", "encode"]

MAX_BODY_BYTES = 256 * 1024
PROMETHEUS_TEXT = "text/plain; version=0.0.4"

# Marks a route whose body is a document; the value says of which kind.
DOCUMENT = "document"

# RFC 9512 registered application/yaml; the x- form is what clients of the original send.
_TYPES = ("application/json", "application/x-yaml", "application/yaml")


def encode(value: Any) -> bytes:
    """Compact JSON with sorted keys; text that is not Unicode is written with replacement marks."""
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        return msgspec.json.encode(_clean(value), order="sorted")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


async def document(request: Request[Any, Any, Any]) -> bytes:
    """The body of a request that changes something, if its content type is one we take.

    A page in a browser cannot send these types to another origin without asking first.
    """
    given = request.headers.get("content-type", "")
    kind, _, parameters = given.partition(";")
    if not given:
        raise ClientException(f"Content-Type missing; allowed are {', '.join(_TYPES)}")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() not in _TYPES or charset not in ("", "utf-8"):
        raise ClientException(f"Content-Type not supported; allowed are {', '.join(_TYPES)}")
    return await request.body()


class JsonResponse(Response[Any]):
    """An answer in JSON as `encode` writes it."""

    def render(self, content: Any, *args: Any, **kwargs: Any) -> bytes:
        """The body."""
        return encode(content)
