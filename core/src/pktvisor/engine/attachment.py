"""A handler at work: its window, where batches are cut for it, and what becomes of its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from pktvisor.batches import Array, PacketBatch, StageTable, Table
from pktvisor.engine.guard import FAILED, Guard
from pktvisor.engine.questions import Questions
from pktvisor.engine.settings import Limits
from pktvisor.engine.turns import apart
from pktvisor.later import later_logger
from pktvisor.metrics import Bucket
from pktvisor.streams import (
    Clock,
    Control,
    Event,
    HandlerSpec,
    SealedBucket,
    StreamHandler,
    SystemClock,
)
from pktvisor.windows import Window

__all__ = ["Attachment", "close_apart"]

_log = later_logger(__name__)


def _latest(batch: Table) -> int:
    return int(batch.column("timestamp_ns").max())


class Attachment:
    """Feeds one handler, and those chained behind it, from one stream.

    A handler that raises loses the batch, and so do those chained behind it; their live buckets
    are marked `degraded`. One that was stopped for raising too often is fed nothing more.
    """

    def __init__(
        self,
        name: str,
        spec: HandlerSpec,
        handler: StreamHandler[Any, Any],
        window: Window[Bucket],
        chained: Attachment | None = None,
        *,
        policy: str = "",
        on_sealed: Callable[[SealedBucket], None] | None = None,
    ) -> None:
        self.name = name
        self.policy = policy
        self._on_sealed = on_sealed
        self.spec = spec
        self.handler = handler
        self.window = window
        self.chained = chained
        self.guard = Guard(name, Limits(), SystemClock())
        self._questions = Questions(f"handler {name}")
        self._fed = False
        # What sealed buckets evicted, and the live one: replaced together, as any thread may look.
        self._evicted: tuple[int, Bucket] = (0, window.live)

    def watch(self, limits: Limits, clock: Clock) -> None:
        """Set the limits of errors, here and in what is chained behind."""
        for link in self.chain():
            link.guard = Guard(link.name, limits, clock)

    def chain(self) -> Iterator[Attachment]:
        """Itself and those chained behind it."""
        link: Attachment | None = self
        while link is not None:
            yield link
            link = link.chained

    def feed(self, batch: Table) -> None:
        """Count a batch, shifting periods where its times say so."""
        size = len(batch)
        if not size:
            return
        self._fed = True
        times = batch.column("timestamp_ns")
        window = self.window
        if window.next_shift_ns is None:
            self.open(int(times[0]))
        assert window.next_shift_ns is not None
        start = 0
        if batch.derived(_latest, _latest) >= window.next_shift_ns:
            while True:
                late = times[start:] >= window.next_shift_ns
                cut = start + int(np.argmax(late)) if late.any() else size
                self._update(batch.slice(start, cut))
                if cut == size:
                    break
                self._shift(int(times[cut]))
                start = cut
        else:
            self._update(batch)

    def control(self, row: Control) -> None:
        """Hand on a control row; a heartbeat shifts the period of a handler that idles."""
        window = self.window
        if row.event is Event.HEARTBEAT:
            due = window.next_shift_ns is not None and row.at_ns >= window.next_shift_ns
            if due and not self._fed:
                self._shift(row.at_ns)
            self._fed = False
        self._call(self.handler.control, row, window.live)
        if self.chained is not None:
            self.chained.control(row)

    def open(self, at_ns: int) -> None:
        """Start the first period here and in what is chained behind."""
        self.window.open(at_ns)
        if self.chained is not None:
            self.chained.open(at_ns)

    def finish(self, at_ns: int) -> None:
        """The stream has ended: seal the live bucket at the time of its last event."""
        if self.window.close(at_ns):
            self._offer(self.window.live)
        if self.chained is not None:
            self.chained.finish(at_ns)

    def evictions(self) -> dict[str, int]:
        """Entries evicted so far, by table: `metrics` are those of all its buckets. Any thread."""
        sealed, live = self._evicted
        own = self._questions.ask("evictions", self.handler.evictions)
        return {"metrics": sealed + live.evicted(), **own}

    def info(self) -> Mapping[str, Any]:
        """What the handler says of itself; to be asked for between batches."""
        with self.guard.entered():
            return self._questions.ask("info", self.handler.info)

    def degrade(self) -> None:
        """Mark the live buckets, here and behind: they miss a batch."""
        for link in self.chain():
            link.window.live.degraded = True

    def inside(self) -> str:
        """The name of the handler, here or behind, that has not returned yet; or nothing."""
        return next((link.name for link in self.chain() if link.guard.inside), "")

    def close(self) -> None:
        """Let the handlers go."""
        for link in self.chain():
            link.guard.call(link.handler.close)

    def _shift(self, at_ns: int) -> None:
        sealed = self.window.shift(at_ns)
        self._evicted = (self._evicted[0] + sealed.evicted(), self.window.live)
        self._call(self.handler.period_shift, sealed, self.window.live, at_ns)
        self._offer(sealed)

    def _offer(self, sealed: Bucket) -> None:
        if self._on_sealed is not None:
            self._on_sealed(SealedBucket(self.policy, self.name, self.spec.version, sealed))

    def _update(self, batch: Table) -> None:
        if not len(batch):
            return
        passed = self._call(self.handler.update, batch, self.window.live)
        if self.chained is not None and passed is not FAILED:
            self.chained.feed(_handed_on(batch, passed))

    def _call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Its result; FAILED, and the live buckets marked, when it raised or may run no more."""
        result = FAILED if self.guard.stopped else self.guard.call(work, *arguments)
        if result is FAILED:
            self.degrade()
        return result


def _handed_on(batch: Table, passed: Array | StageTable | None) -> Table:
    """What a handler passed on of a batch, as a batch."""
    if passed is None:
        return batch
    if isinstance(passed, StageTable):
        assert isinstance(batch, PacketBatch)
        return batch.of_entries(passed)
    return batch.take(passed)


def close_apart(heads: Iterable[Attachment], patience_s: float) -> None:
    """Close handlers that were never attached, and so have no worker."""
    for head in heads:
        if not apart(head.close, patience_s, f"close-{head.name}"):
            _log.error("handler %s does not return; left behind", head.inside())
