"""A handler at work: its window, and where batches are cut for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor.batches import Array, Table
from pktvisor.metrics import Bucket
from pktvisor.streams import HandlerSpec, StreamHandler
from pktvisor.windows import Window

__all__ = ["Attachment"]


def _latest(batch: Table) -> int:
    return int(batch.column("timestamp_ns").max())


class Attachment:
    """Feeds one handler, and those chained behind it, from one stream."""

    def __init__(
        self,
        name: str,
        spec: HandlerSpec,
        handler: StreamHandler[Any, Any],
        window: Window[Bucket],
        chained: Attachment | None = None,
    ) -> None:
        self.name = name
        self.spec = spec
        self.handler = handler
        self.window = window
        self.chained = chained
        self._last_ns: int | None = None

    def feed(self, batch: Table) -> None:
        """Count a batch, shifting periods where its times say so."""
        size = len(batch)
        if not size:
            return
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
                at_ns = int(times[cut])
                sealed = window.shift(at_ns)
                self.handler.period_shift(sealed, window.live, at_ns)
                start = cut
        else:
            self._update(batch)
        self._last_ns = int(times[-1])

    def open(self, at_ns: int) -> None:
        """Start the first period here and in what is chained behind."""
        self.window.open(at_ns)
        if self.chained is not None:
            self.chained.open(at_ns)

    def finish(self, at_ns: int) -> None:
        """The stream has ended: seal the live bucket at the time of its last event."""
        self.window.close(at_ns)
        if self.chained is not None:
            self.chained.finish(at_ns)

    def close(self) -> None:
        """Let the handlers go."""
        self.handler.close()
        if self.chained is not None:
            self.chained.close()

    def _update(self, batch: Table) -> None:
        if not len(batch):
            return
        rows: Array | None = self.handler.update(batch, self.window.live)
        if self.chained is not None:
            self.chained.feed(batch if rows is None else batch.take(rows))
