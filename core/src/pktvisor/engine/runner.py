"""A running input stream: its stages, the handlers attached to it, and what it has seen."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pktvisor.batches import PacketBatch, Table
from pktvisor.engine.attachment import Attachment
from pktvisor.stages import STAGES, Stage
from pktvisor.streams import InputSpec, InputStream

__all__ = ["StreamCounts", "StreamRunner"]

Result = TypeVar("Result")


@dataclass
class StreamCounts:
    """What a stream's worker has processed, by decode status."""

    processed: int = 0
    malformed: int = 0
    truncated: int = 0
    unsupported: int = 0


class StreamRunner:
    """Pulls batches and feeds handlers, in one thread; everything else is asked of it by command.

    `step` handles one batch. `call` runs a function between batches: at once when no worker thread
    runs, else in the worker, and its result comes back.
    """

    def __init__(self, spec: InputSpec, stream: InputStream) -> None:
        self.spec = spec
        self.stream = stream
        self.counts = StreamCounts()
        self.finished = False
        self._attachments: list[Attachment] = []
        self._stages: dict[str, Stage] = {}
        self._batches: Iterator[Table] | None = None
        self._first_ns: int | None = None
        self._last_ns = 0
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    def attach(self, attachment: Attachment) -> None:
        """Feed a handler from the next batch on."""
        for name in sorted(_needs(attachment)):
            if name not in self._stages:
                self._stages[name] = STAGES[name]()
        if self.finished and self._first_ns is not None:
            attachment.open(self._last_ns)
            attachment.finish(self._last_ns)
        self._attachments.append(attachment)

    def detach(self, attachment: Attachment) -> None:
        """Stop feeding a handler and close it; stages nobody needs any more go too."""
        self._attachments.remove(attachment)
        needed = {name for other in self._attachments for name in _needs(other)}
        self._stages = {name: stage for name, stage in self._stages.items() if name in needed}
        attachment.close()

    def step(self) -> bool:
        """Handle the next batch; False when the stream has ended."""
        if self.finished:
            return False
        if self._batches is None:
            self._batches = self.stream.batches()
        batch = next(self._batches, None)
        if batch is None:
            self._finish()
            return False
        if len(batch):
            self._process(batch)
        return True

    def run(self) -> None:
        """Handle batches and commands until the stream ends."""
        while self.step():
            self._drain()
        self._drain()

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self._work, name=f"pktvisor-{self.spec.name}")
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread; raises what made it fail."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def call(self, command: Callable[[], Result]) -> Result:
        """Run a function between batches and return its result."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                return command()
            done = threading.Event()
            outcome: list[Result] = []
            failure: list[BaseException] = []

            def execute() -> None:
                try:
                    outcome.append(command())
                except BaseException as error:
                    failure.append(error)
                finally:
                    done.set()

            self._commands.put(execute)
            while not done.wait(0.05):
                if not self._thread.is_alive():
                    self._drain()
            if failure:
                raise failure[0]
            return outcome[0]

    def close(self) -> None:
        """End the stream and let go of it and its handlers."""
        self.stream.close()
        self.join()
        for attachment in self._attachments:
            attachment.close()
        self._attachments = []

    @property
    def now_ns(self) -> int:
        """The stream's time: that of its last event."""
        return self._last_ns

    def stage_counters(self) -> dict[str, int]:
        """What the stages gave up so far."""
        return {k: v for stage in self._stages.values() for k, v in stage.counters().items()}

    def _process(self, batch: Table) -> None:
        if self._first_ns is None:
            self._first_ns = int(batch.column("timestamp_ns")[0])
            for attachment in self._attachments:
                attachment.open(self._first_ns)
        self._last_ns = int(batch.column("timestamp_ns")[-1])
        counts = self.counts
        counts.processed += len(batch)
        if isinstance(batch, PacketBatch):
            _, malformed, truncated, unsupported = np.bincount(batch.status, minlength=4).tolist()
            counts.malformed += malformed
            counts.truncated += truncated
            counts.unsupported += unsupported
            for stage in self._stages.values():
                batch.add_stage(stage.run(batch))
        for attachment in self._attachments:
            attachment.feed(batch)

    def _finish(self) -> None:
        self.finished = True
        if self._first_ns is not None:
            for attachment in self._attachments:
                attachment.finish(self._last_ns)

    def _drain(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            command()

    def _work(self) -> None:
        try:
            self.run()
        except BaseException as error:
            self._error = error


def _needs(attachment: Attachment | None) -> set[str]:
    names: set[str] = set()
    while attachment is not None:
        names |= attachment.spec.needs
        attachment = attachment.chained
    return names
