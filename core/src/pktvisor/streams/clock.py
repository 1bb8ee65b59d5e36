"""The wall clock, as an object: tests give the engine one they move by hand."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Tells the time of live streams."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""


class SystemClock:
    """The clock of the machine."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        return time.time_ns()
