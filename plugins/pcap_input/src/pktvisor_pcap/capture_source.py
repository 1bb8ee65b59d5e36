"""The contract of a live capture source, and what is wrong when one cannot be opened."""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from pktvisor.batches import Records
from pktvisor.streams import CaptureStatistics

__all__ = [
    "BATCH_BYTES",
    "BATCH_ROWS",
    "BLOCK_MS",
    "CaptureSource",
    "InterfaceDrops",
    "interface_drops",
    "no_permission",
]

BATCH_ROWS = 8192
BATCH_BYTES = 2 << 20
READ_EVERY_S = 1.0
BLOCK_MS = 40  # the kernel hands a block over when it is full or this old


class CaptureSource(ABC):
    """Takes packets off an interface without blocking; used by one thread."""

    @abstractmethod
    def fileno(self) -> int:
        """What to poll for packets."""

    @abstractmethod
    def gather(self) -> bool:
        """Take what there is; True when a batch is full, False when nothing more is there now."""

    @property
    @abstractmethod
    def pending(self) -> int:
        """Packets gathered and not taken yet."""

    @abstractmethod
    def take(self) -> Records:
        """What was gathered, in memory that nobody else uses."""

    @abstractmethod
    def statistics(self, *, final: bool = False) -> CaptureStatistics:
        """What the kernel has counted since the source was opened.

        The interface's own drops may be a second old unless this is the `final` call.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the capture; may be called twice."""


class InterfaceDrops:
    """Packets an interface (None: all interfaces) has dropped on receipt since this was made.

    The kernel tells them in a table of all interfaces that takes longer to read than a small batch
    to count, so it is read once a second.
    """

    def __init__(self, name: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._now = now
        self._base = interface_drops(name)
        self._count = 0
        self._due = now() + READ_EVERY_S

    def count(self, *, fresh: bool = False) -> int:
        """How many there were a second ago at the most, or with `fresh` now."""
        if fresh or self._now() >= self._due:
            self._due = self._now() + READ_EVERY_S
            self._count = max(interface_drops(self._name) - self._base, 0)
        return self._count


def no_permission(name: str) -> str:
    """What is missing to capture, and how to grant it."""
    python = Path(sys.executable)
    return (
        f"iface: no permission to capture on {name}: the capability CAP_NET_RAW is missing. Run as"
        " root; or grant it: a systemd unit by AmbientCapabilities=CAP_NET_RAW, a virtual"
        " environment that has its own interpreter (python3 -m venv --copies) by"
        f" setcap cap_net_raw+ep {os.fspath(python)}"
    )


def interface_drops(name: str | None) -> int:
    """Packets an interface has dropped on receipt since it came up; None: all interfaces."""
    total = 0
    try:
        text = Path("/proc/thread-self/net/dev").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in text.splitlines()[2:]:
        found, _, counts = line.rpartition(":")
        if name is None or found.strip() == name:
            total += int(counts.split()[3])
    return total
