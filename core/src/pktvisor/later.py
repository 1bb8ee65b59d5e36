"""What most runs never need, imported when it is first used: half a millisecond each at start-up."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import logging

__all__ = ["later_logger", "later_module"]


class _Module:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


class _Logger:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        import logging

        return getattr(logging.getLogger(self._name), name)


def later_module(name: str) -> Any:
    """Stands for a module: its first use imports it."""
    return _Module(name)


def later_logger(name: str) -> logging.Logger:
    """Stands for a logger: its first record imports `logging`."""
    return cast("logging.Logger", _Logger(name))
