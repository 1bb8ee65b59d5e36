"""Run a handler's code so that nothing it does can hurt the stream or the other handlers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pktvisor.engine.settings import Limits
from pktvisor.later import later_logger
from pktvisor.streams import Clock

__all__ = ["FAILED", "Guard"]

_log = later_logger(__name__)

_NS = 1_000_000_000

FAILED: Final = object()


class Guard:
    """Measures the time of one handler's calls, counts its errors, and stops it after too many.

    `limits.errors` errors within `limits.errors_within_s` seconds set `stopped`; 0 errors: never.
    """

    def __init__(self, name: str, limits: Limits, clock: Clock) -> None:
        self.name = name
        self.busy_ns = 0
        self.errors = 0
        self.last_error = ""
        self.stopped = False
        self.inside = False  # a call is under way
        self._limits = limits
        self._clock = clock
        self._recent: deque[int] = deque(maxlen=limits.errors)
        self._logged_ns: int | None = None

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `work(*arguments)`, or FAILED when it raised.

        A handler that calls sys.exit() has failed like any other: only it may not go on.
        """
        began = time.perf_counter_ns()
        self.inside = True
        try:
            return work(*arguments)
        except (Exception, SystemExit) as error:
            self._count(error)
            return FAILED
        finally:
            self.inside = False
            self.busy_ns += time.perf_counter_ns() - began

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The handler is asked something that is no work of its own."""
        self.inside = True
        try:
            yield
        finally:
            self.inside = False

    def _count(self, error: BaseException) -> None:
        now = self._clock.now_ns()
        within_ns = self._limits.errors_within_s * _NS
        self.errors += 1
        self.last_error = f"{type(error).__name__}: {error}"
        if self._logged_ns is None or now - self._logged_ns >= within_ns:
            self._logged_ns = now  # one trace a window, however often it fails
            _log.warning("handler %s failed: %s", self.name, self.last_error, exc_info=error)
        if not self._limits.errors:
            return
        self._recent.append(now)
        if len(self._recent) == self._limits.errors and now - self._recent[0] <= within_ns:
            self.stopped = True
            _log.error(
                "handler %s stopped: %d errors within %d s, the last: %s",
                self.name,
                self._limits.errors,
                self._limits.errors_within_s,
                self.last_error,
            )
