"""A stream of given batches, and a clock a test sets: what stands in for a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pktvisor import InputSpec, InputStream, PacketBatch
from pktvisor.batches import Table
from pktvisor.streams import StreamContext

__all__ = ["GivenStream", "ManualClock", "given_input"]


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """The time it was set to, in ns since 1970-01-01 UTC."""
        return self._now_ns

    def advance(self, seconds: float) -> None:
        """Go on by so many seconds."""
        self._now_ns += round(seconds * 1e9)


@dataclass(frozen=True)
class _NoConfig:
    """A given stream has no settings."""


class GivenStream(InputStream):
    """Yields the batches it was made with, then ends."""

    recorded = True

    def __init__(self, batches: Sequence[Table]) -> None:
        self._batches = batches

    def batches(self) -> Iterator[Table]:
        """The batches, in order."""
        yield from self._batches


def given_input(batches: Sequence[Table], emits: type[Table] = PacketBatch) -> InputSpec:
    """An input type whose streams yield these batches."""

    def make(_config: Any, _context: StreamContext) -> GivenStream:
        return GivenStream(batches)

    return InputSpec(name="given", version="1.0", config=_NoConfig, factory=make, emits=emits)
