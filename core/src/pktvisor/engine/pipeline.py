"""What a stream's worker does to each batch: stages first, then every attached handler."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pktvisor.batches import PacketBatch, Table
from pktvisor.engine.attachment import Attachment
from pktvisor.engine.settings import Limits
from pktvisor.later import later_logger
from pktvisor.stages import STAGES, Stage, stages_for
from pktvisor.streams import Clock, Control, Event, HandlerStatus

__all__ = ["Pipeline", "StreamCounts"]

_log = later_logger(__name__)


class StreamCounts(NamedTuple):
    """What a stream's worker has processed, by decode status; replaced as a whole."""

    processed: int = 0
    malformed: int = 0
    truncated: int = 0
    unsupported: int = 0


class Pipeline:
    """Stages and attachments of one stream; used by one thread at a time.

    A recorded stream starts its periods at its first row and ends them at its last; a live one
    starts them when a handler is attached and ends them when it is stopped.
    """

    def __init__(self, live: bool, limits: Limits, clock: Clock) -> None:
        self.counts = StreamCounts()
        self.busy_ns = 0
        self.finished = False
        self.batches_failed = 0
        self.failure = ""
        self.attachments: tuple[Attachment, ...] = ()
        self._live = live
        self._limits = limits
        self._clock = clock
        self._stages: dict[str, Stage] = {}
        self._first_ns: int | None = None
        self._last_ns = 0

    def attach(self, *attachments: Attachment) -> None:
        """Feed handlers from the next batch on."""
        for attachment in attachments:
            attachment.watch(self._limits, self._clock)
            self._keep_stages({*self._stages, *_needs(attachment)})
            if self._live or (self.finished and self._first_ns is not None):
                attachment.open(self.now_ns())
            if self.finished and self._first_ns is not None:
                attachment.finish(self.now_ns())
        self.attachments += attachments
        self.control(Control(Event.ATTACHED, self.now_ns()))

    def remove(self, *attachments: Attachment) -> None:
        """Stop feeding handlers; stages nobody needs any more go too."""
        self.attachments = tuple(a for a in self.attachments if a not in attachments)
        self._keep_stages({name for other in self.attachments for name in _needs(other)})

    def tell_detached(self) -> None:
        """Tell the handlers that are left that others have gone."""
        self.control(Control(Event.DETACHED, self.now_ns()))

    def process(self, batch: Table) -> None:
        """Run a batch through everything; `count` is due afterwards, also when a stage raised."""
        began = time.perf_counter_ns()
        if self._first_ns is None:
            self._first_ns = int(batch.column("timestamp_ns")[0])
            if not self._live:
                for attachment in self.attachments:
                    attachment.open(self._first_ns)
        self._last_ns = int(batch.column("timestamp_ns")[-1])
        if isinstance(batch, PacketBatch):
            for stage in self._stages.values():
                batch.add_stage(stage.run(batch))
        for attachment in self.attachments:
            attachment.feed(batch)
        self.busy_ns += time.perf_counter_ns() - began

    def count(self, batch: Table) -> None:
        """Take a batch that is done with into the counts: all of them at once, for any thread."""
        before = self.counts
        malformed = truncated = unsupported = 0
        if isinstance(batch, PacketBatch):
            _, malformed, truncated, unsupported = np.bincount(batch.status, minlength=4).tolist()
        self.counts = StreamCounts(
            before.processed + len(batch),
            before.malformed + malformed,
            before.truncated + truncated,
            before.unsupported + unsupported,
        )

    def lose(self, error: BaseException) -> None:
        """A stage failed on a batch: all handlers have lost it, and the stream goes on."""
        self.batches_failed += 1
        self.failure = f"{type(error).__name__}: {error}"
        if self.batches_failed & (self.batches_failed - 1) == 0:  # the 1st, 2nd, 4th, 8th, …
            _log.error("a stage failed on %d batches", self.batches_failed, exc_info=error)
        for attachment in self.attachments:
            attachment.degrade()

    def control(self, row: Control) -> None:
        """Hand a control row to every handler, with what is attached now."""
        policies = len({attachment.policy for attachment in self.attachments})
        row = row._replace(policies=policies, handlers=len(self.attachments))
        for attachment in self.attachments:
            attachment.control(row)

    def finish(self) -> None:
        """The stream has ended: seal every live bucket."""
        self.finished = True
        if self._live or self._first_ns is not None:
            for attachment in self.attachments:
                attachment.finish(self.now_ns())

    def now_ns(self) -> int:
        """The stream's own time: the clock's, or that of the last row of a recorded one."""
        return self._clock.now_ns() if self._live else self._last_ns

    def stage_counters(self) -> dict[str, int]:
        """What the stages gave up so far."""
        return {k: v for stage in self._stages.values() for k, v in stage.counters().items()}

    def handler_status(self) -> tuple[HandlerStatus, ...]:
        """How each handler fares, chained ones behind those they follow."""
        total = max(self.busy_ns, 1)
        return tuple(
            HandlerStatus(
                attachment.policy,
                link.name,
                link.guard.busy_ns,
                link.guard.busy_ns / total,
                link.guard.errors,
                link.guard.last_error,
                link.guard.stopped,
                link.evictions(),
            )
            for attachment in self.attachments
            for link in attachment.chain()
        )

    def problem(self) -> str | None:
        """One line on what failed first, a stage or a handler, or None."""
        if self.failure:
            return f"{self.batches_failed} batches were lost: {self.failure}"
        for guard in (link.guard for head in self.attachments for link in head.chain()):
            if guard.errors:
                fate = "was stopped" if guard.stopped else "lost those batches"
                return (
                    f"handler {guard.name!r} failed {guard.errors} times and {fate};"
                    f" the last error was {guard.last_error}"
                )
        return None

    def _keep_stages(self, names: Iterable[str]) -> None:
        """Run these stages and those they need, with the state they have."""
        self._stages = {n: self._stages.get(n) or STAGES[n]() for n in stages_for(names)}


def _needs(attachment: Attachment) -> set[str]:
    return {name for link in attachment.chain() for name in link.spec.needs}
