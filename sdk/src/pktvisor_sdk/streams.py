"""Streams of given batches, recorded or live, and a clock a test sets: what stands in for a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from pktvisor import InputSpec, InputStream, PacketBatch
from pktvisor.batches import Table
from pktvisor.streams import StreamContext

__all__ = ["FakeStream", "GivenStream", "ManualClock", "fake_input", "given_input"]


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

    return InputSpec(name="given", version="1.0", factory=make, emits=emits)


class FakeStream(InputStream):
    """A live stream that yields what a test puts into it, and nothing in between."""

    recorded = False

    def __init__(self) -> None:
        self._items: deque[Table] = deque()
        self._ended = False

    def put(self, batch: Table) -> None:
        """Let a batch be the next to arrive after those that wait."""
        self._items.append(batch)

    @property
    def waiting(self) -> int:
        """How many batches have not been read yet."""
        return len(self._items)

    def batches(self) -> Iterator[Table | None]:
        """What was put, in order; None where there is nothing yet."""
        while not self._ended or self._items:
            yield self._items.popleft() if self._items else None

    def stop(self) -> None:
        """End once what waits is read."""
        self._ended = True


def fake_input(stream: FakeStream, emits: type[Table] = PacketBatch) -> InputSpec:
    """An input type whose only stream is this one; step through it, or its thread never rests."""
    return InputSpec(
        name="fake",
        version="1.0",
        factory=lambda _config, _context: stream,
        emits=emits,
    )
