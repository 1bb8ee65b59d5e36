"""The OpenAPI document of the API, and a page to read it and try it without the internet."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License

from pktvisor import __version__
from pktvisor.api.content import DOCUMENT, MAX_BODY_BYTES, JsonResponse

__all__ = ["CONFIG", "description_routes", "openapi_document"]

CONFIG = OpenAPIConfig(
    title="pktvisor",
    version=__version__,
    description="Taps, policies and metrics of a pktvisor agent.",
    license=License(name="MPL-2.0", identifier="MPL-2.0"),
    use_handler_docstrings=True,
    render_plugins=[],
    path="/openapi",
)

_ERROR_REF = {"$ref": "#/components/schemas/ErrorBody"}
_EXAMPLES = {
    "taps": {"version": "1.0", "visor": {"taps": {"lo": {"input_type": "mock"}}}},
    "policies": {
        "version": "1.0",
        "visor": {
            "policies": {
                "mine": {
                    "kind": "collection",
                    "input": {"tap": "lo", "input_type": "mock"},
                    "handlers": {"modules": {"net": {"type": "net"}}},
                }
            }
        },
    },
    "input": {"name": "eth", "iface": "eth0"},
    "handler": {"name": "net1"},
}


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The document of an application's routes, as plain data with keys in a fixed order."""
    document = app.openapi_schema.to_schema()
    document["components"].setdefault("securitySchemes", {})["token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "needed to change anything when the agent was started with a token",
    }
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods:
                operation = document["paths"].get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    # A handler that runs in a thread is wrapped; the innermost knows its text.
                    function = handler.fn
                    while hasattr(function, "func"):
                        function = function.func
                    _complete(operation, method, handler.opt.get(DOCUMENT), function)
    return document


def _complete(
    operation: dict[str, Any], method: str, kind: str | None, function: Callable[..., Any]
) -> None:
    """Say of an operation what its signature does not."""
    text = inspect.getdoc(function) or ""
    operation["description"] = text
    operation["summary"] = text.partition("\n")[0].removesuffix(".")
    operation["operationId"] = f"{function.__module__.rpartition('.')[2]}_{function.__name__}"
    for status, response in operation["responses"].items():
        if status == "400":
            response["content"] = {"application/json": {"schema": _ERROR_REF}}
    if method != "GET":
        operation["security"] = [{}, {"token": []}]
    if kind is not None:
        limit = {"type": "string", "maxLength": MAX_BODY_BYTES}
        json_body = {"schema": {"type": "object"}, "example": _EXAMPLES[kind]}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": json_body}
            | ({"application/x-yaml": {"schema": limit}} if kind in ("taps", "policies") else {}),
        }


def description_routes() -> list[HTTPRouteHandler]:
    """`/openapi.json`, and `/docs` for people."""

    @get("/openapi.json", sync_to_thread=False, include_in_schema=False)
    def openapi(request: Request[Any, Any, Any]) -> Response[Any]:
        """The OpenAPI document."""
        return JsonResponse(openapi_document(request.app))

    @get("/docs", sync_to_thread=False, include_in_schema=False)
    def page() -> Response[bytes]:
        """A page that shows the document; everything it needs is on it."""
        return Response(
            files("pktvisor.api").joinpath("page.html").read_bytes(),
            media_type="text/html",
            headers={
                "content-security-policy": "default-src 'none'; connect-src 'self';"
                " script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:;"
                " form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
                "x-content-type-options": "nosniff",
            },
        )

    return [openapi, page]
