"""Have a plugin's factory make a stream, a handler or a sink."""

from __future__ import annotations

from typing import Any

from pktvisor.later import later_logger
from pktvisor.streams.specs import Factory, resolve

__all__ = ["make"]

_log = later_logger(__name__)


def make(factory: Factory, *arguments: Any) -> Any:
    """What a factory makes of its config and context.

    Raises ValueError, LookupError or OSError as the factory does when it refuses. Whatever else it
    raises, or its module when it is imported, is a fault of the plugin: it is logged with its trace
    and comes as a ValueError too, so that a fault refuses one request and ends nothing.
    """
    try:
        return resolve(factory)(*arguments)
    except (ValueError, LookupError, OSError):
        raise
    except (Exception, SystemExit) as error:
        _log.error("factory %s failed", factory, exc_info=error)
        raise ValueError(f"{type(error).__name__}: {error}") from None
