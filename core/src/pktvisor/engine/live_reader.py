"""Read a live stream: batches with credible times, and a heartbeat each second."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pktvisor.batches import Table
from pktvisor.streams import CaptureStatistics, Clock, Control, Event, InputStream

__all__ = ["LiveReader"]

_NS = 1_000_000_000
HEARTBEAT_NS = _NS
# A time outside these bounds around its arrival is not believed: one forged time must not move a
# window into the future, where it would stay.
AHEAD_NS = 5 * _NS
BEHIND_NS = 120 * _NS


class LiveReader:
    """Iterates over a live stream, in the thread that reads it.

    `received` counts the rows read, `times_replaced` those that came with a time that was not
    believed. `statistics` are the capture source's own counts, read anew before each batch is
    handed on: they are never behind what has been read.
    """

    def __init__(self, stream: InputStream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._next_beat_ns = 0
        self.received = 0
        self.times_replaced = 0
        self.statistics: CaptureStatistics | None = None

    def __iter__(self) -> Iterator[Table | Control | None]:
        for batch in self._stream.batches():
            now = self._clock.now_ns()
            self.statistics = self._stream.statistics()
            if batch is not None and len(batch):
                self.received += len(batch)
                yield self._credible(batch, now)
            # A clock set back must not silence the heartbeat.
            if now >= self._next_beat_ns or now < self._next_beat_ns - HEARTBEAT_NS:
                self._next_beat_ns = now + HEARTBEAT_NS
                yield Control(Event.HEARTBEAT, now, capture=self.statistics)
            elif batch is None or not len(batch):
                yield None
        self.statistics = self._stream.statistics()

    def _credible(self, batch: Table, now: int) -> Table:
        times = batch.column("timestamp_ns")
        if times.max() <= now + AHEAD_NS and times.min() >= now - BEHIND_NS:
            return batch
        wrong = (times > now + AHEAD_NS) | (times < now - BEHIND_NS)
        self.times_replaced += int(np.count_nonzero(wrong))
        return batch.with_column("timestamp_ns", np.where(wrong, now, times))
