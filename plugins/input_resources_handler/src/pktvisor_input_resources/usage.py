"""What the calling thread and the process have used so far, as the kernel counts it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

__all__ = ["ThreadUsage", "Usage"]

_STATM = Path("/proc/self/statm")


class Usage(Protocol):
    """A source of figures; tests have one of their own."""

    def cpu_ns(self) -> int:
        """CPU time of the calling thread."""

    def elapsed_ns(self) -> int:
        """Time since the machine started."""

    def memory_bytes(self) -> int:
        """Memory of the process that is in RAM, 0 where the system does not tell."""


class ThreadUsage:
    """Figures of the machine it runs on."""

    def cpu_ns(self) -> int:
        """CPU time of the calling thread, in user and kernel mode."""
        return time.thread_time_ns()

    def elapsed_ns(self) -> int:
        """Time since the machine started."""
        return time.monotonic_ns()

    def memory_bytes(self) -> int:
        """The resident set of the process."""
        try:
            pages = int(_STATM.read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")
