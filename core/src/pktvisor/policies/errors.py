"""What can be wrong with a request, and where: one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "AlreadyExists",
    "ConfigError",
    "NoTapMatch",
    "NotFound",
    "Path",
    "dotted",
    "shown",
    "within",
]

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SHOWN = 60


def dotted(path: Path) -> str:
    """A place in a document as `visor.policies.p.handlers.modules[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN.match(part) else shown(part))
    return text


def shown(value: Any) -> str:
    """A value as an error text quotes it: on one line and not without end."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class ConfigError(ValueError):
    """A document, tap or policy that is refused; `path` is the place in the document.

    `key` is the setting that is wrong, where only that and no place is known; `line` is where the
    place stands in the text, `reason` what an input said itself, where that is only a part.
    """

    line: int | None = None
    reason: str = ""

    def __init__(self, message: str, path: Path = (), key: str = "") -> None:
        self.message = " ".join(message.split())
        self.path = path
        self.key = key
        super().__init__(f"{dotted(path)}: {self.message}" if path else self.message)

    def under(self, path: Path) -> ConfigError:
        """The same error in a document that holds this one at `path`."""
        return type(self)(self.message, (*path, *self.path), self.key)


@contextmanager
def within(path: Path) -> Iterator[None]:
    """Errors raised inside get `path` in front of their own place."""
    try:
        yield
    except ConfigError as error:
        raise error.under(path) from None


class AlreadyExists(ConfigError):  # noqa: N818 - named as what it says
    """A tap or policy of that name is there already."""


class NoTapMatch(ConfigError):  # noqa: N818 - named as what it says
    """No tap has the tags a tap selector asks for."""


class NotFound(LookupError):  # noqa: N818 - named as what it says
    """No stream, tap, policy, input, handler or sink of that name is there."""
