"""Ask a plugin's object for what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pktvisor.later import later_logger

__all__ = ["Questions"]

_log = later_logger(__name__)

Answer = TypeVar("Answer")


class Questions:
    """Questions to one input or handler, named `who` in the log.

    One that raises has no answer and takes nothing else with it: neither what others say, nor its
    own work. The first failure of each question is logged.
    """

    def __init__(self, who: str) -> None:
        self._who = who
        self._failed: set[str] = set()

    def ask(self, about: str, question: Callable[[], Mapping[str, Answer]]) -> Mapping[str, Answer]:
        """The answer, or nothing. Any thread may ask what the object lets any thread ask."""
        try:
            return dict(question())
        except (Exception, SystemExit) as error:
            if about not in self._failed:
                self._failed.add(about)
                _log.warning("%s cannot say its %s", self._who, about, exc_info=error)
            return {}
