"""Run a handler's code so that nothing it does can hurt the stream or the other handlers."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from pktvisor.engine.settings import Limits
from pktvisor.streams import Clock

__all__ = ["FAILED", "Guard"]

_log = logging.getLogger(__name__)

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
        self._limits = limits
        self._clock = clock
        self._recent: deque[int] = deque(maxlen=limits.errors)
        self._logged_ns: int | None = None

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `work(*arguments)`, or FAILED when it raised."""
        began = time.perf_counter_ns()
        try:
            return work(*arguments)
        except Exception as error:
            self._count(error)
            return FAILED
        finally:
            self.busy_ns += time.perf_counter_ns() - began

    def _count(self, error: Exception) -> None:
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
