"""Processes that programs start, and how to tell that they are gone."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.daemons import START_S

__all__ = ["children", "gone"]


def children(process: int) -> list[int]:
    """The processes a process has started."""
    return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def gone(processes: list[int]) -> bool:
    """Wait until the processes have ended, whether or not somebody has asked for their status."""
    deadline = time.monotonic() + START_S
    while any(map(_runs, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")
