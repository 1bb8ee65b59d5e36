"""The OpenAPI document of the REST API, from its routes."""

from __future__ import annotations

import json

__all__ = ["pages"]


def pages() -> dict[str, str]:
    """`openapi.json`, as an agent with writes allowed describes itself."""
    from pktvisor.api.app import create_app
    from pktvisor.api.openapi import openapi_document
    from pktvisor.engine.agent import Agent
    from pktvisor.plugins import Plugins

    app = create_app(Agent(Plugins(autoload=False)), writes=True, stop=lambda: None)
    return {"openapi.json": json.dumps(openapi_document(app), indent=2, ensure_ascii=False) + "\n"}
