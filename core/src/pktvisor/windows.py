"""Periods of event time and the buckets kept of them."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from pktvisor.metrics import Bucket, MetricSettings

__all__ = ["PERIOD_NS", "Window"]

PERIOD_NS = 60_000_000_000

BucketT = TypeVar("BucketT", bound=Bucket)


class Window(Generic[BucketT]):
    """The last `periods` buckets of one handler, newest first; bucket 0 is live.

    The first event opens the live bucket and sets the next shift 60 s later. The first event, in
    arrival order, at or after the next shift opens a new bucket there, and the shift after it lies
    60 s behind that event: a long gap makes one long bucket. With one period there is no shift.
    """

    def __init__(self, kind: type[BucketT], settings: MetricSettings, periods: int) -> None:
        self._kind = kind
        self._settings = settings
        self.periods = periods
        self.next_shift_ns: int | None = None
        self._sealed: deque[BucketT] = deque(maxlen=max(periods - 1, 0))
        self.live = kind(settings)
        self.shifts = 0

    def open(self, at_ns: int) -> None:
        """Start the first period at the first event's time."""
        self.live.start_ns = at_ns
        self.next_shift_ns = at_ns + PERIOD_NS if self.periods > 1 else 2**63 - 1

    def shift(self, at_ns: int) -> BucketT:
        """Seal the live bucket at an event's time, start the next one there, return the sealed."""
        sealed = self.live
        sealed.seal(at_ns)
        self._sealed.appendleft(sealed)
        self.live = self._kind(self._settings, at_ns)
        self.next_shift_ns = at_ns + PERIOD_NS
        self.shifts += 1
        return sealed

    def close(self, at_ns: int) -> bool:
        """End the live bucket at the last event's time: the stream is over. False if it had ended."""
        if self.live.end_ns is not None:
            return False
        self.live.seal(at_ns)
        return True

    def buckets(self) -> list[BucketT]:
        """The kept buckets, newest first."""
        return [self.live, *self._sealed]
