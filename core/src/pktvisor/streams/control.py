"""Control rows: what a stream's handlers are told beside its batches."""

from __future__ import annotations

import enum
from typing import NamedTuple

__all__ = ["CaptureStatistics", "Control", "Event"]


class CaptureStatistics(NamedTuple):
    """What a capture source counted since it was opened; every value only grows.

    `received` packets passed the capture filter, whether there was room for them or not;
    `os_drops` of them found the kernel's buffer full. `interface_drops` is the interface's own
    count of what it dropped on receipt, before the capture or, for want of a taker, behind it.
    `filtered` were rejected by the filter, None where nobody counts them.
    """

    received: int = 0
    os_drops: int = 0
    interface_drops: int = 0
    filtered: int | None = None


class Event(enum.Enum):
    """Why a control row was made."""

    HEARTBEAT = "heartbeat"  # a second of a live stream has passed, with or without traffic
    ATTACHED = "attached"  # handlers were added to the stream
    DETACHED = "detached"  # handlers were taken off the stream


class Control(NamedTuple):
    """One control row.

    `at_ns` is the wall clock (live streams) or the time of the last row (recorded ones).
    `policies` and `handlers` are attached to the stream now, chained handlers counted with the one
    they follow. `capture` is None where the stream has no capture source that counts.
    """

    event: Event
    at_ns: int
    policies: int = 0
    handlers: int = 0
    capture: CaptureStatistics | None = None
