"""A running input stream: the threads that read it and work on it, and its loss ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from pktvisor.batches import Table
from pktvisor.engine.attachment import Attachment
from pktvisor.engine.batch_queue import END, BatchQueue, End
from pktvisor.engine.live_reader import LiveReader
from pktvisor.engine.pipeline import Pipeline, StreamCounts
from pktvisor.engine.questions import Questions
from pktvisor.engine.settings import Limits
from pktvisor.engine.turns import Busy, Replaced
from pktvisor.engine.worker import Worker
from pktvisor.later import later_logger
from pktvisor.streams import Clock, Control, InputSpec, InputStream, StreamStatus, SystemClock

__all__ = ["PATIENCE_S", "Busy", "StreamCounts", "StreamRunner"]

Result = TypeVar("Result")

_log = later_logger(__name__)

PATIENCE_S = 3.0  # for a live stream's queue to be worked off when it is stopped
LAST_BATCH_S = 0.5  # for the batch under way, once what waited behind it was dropped
CLOSE_S = 0.5  # for all handlers to let go at the end


class StreamRunner:
    """Owns one stream and the pipeline behind it.

    `step` handles one batch in the calling thread. `start` gives the stream threads of its own: a
    worker, and for a live stream a capture thread that fills the worker's queue; a recorded one is
    read by the worker itself. Everything else is asked of the worker by `call`, which runs a
    function between two batches, ahead of those that wait; so it is before the stream runs, from
    `serve` on, and after its end, until `close`. Handlers are thus called by one thread.
    """

    def __init__(
        self,
        spec: InputSpec,
        stream: InputStream,
        *,
        tap: str = "",
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        limits, clock = limits or Limits(), clock or SystemClock()
        self.spec = spec
        self.stream = stream
        self.tap = tap
        self.live = not stream.recorded
        self._pipeline = Pipeline(self.live, limits, clock)
        self._queue = BatchQueue(limits.queue_bytes)
        self._reader = LiveReader(stream, clock)
        self._questions = Questions(f"input {spec.name} of tap {tap}")
        self._source: Iterator[Table | Control | None] | None = None
        self._answer_s = limits.answer_s
        self._worker = Worker(
            f"worker-{spec.name}-{tap}", tap, self._queue, self._work, limits.answer_s
        )
        self._capture: threading.Thread | None = None
        self._stopping = False
        self._left_behind = False
        self._error: BaseException | None = None

    @property
    def counts(self) -> StreamCounts:
        """What has been processed, by decode status."""
        return self._pipeline.counts

    @property
    def consumers(self) -> int:
        """How many handlers the stream feeds itself; those chained behind one are not counted."""
        return len(self._pipeline.attachments)

    @property
    def finished(self) -> bool:
        """Whether the stream has ended and every bucket is sealed."""
        return self._pipeline.finished

    @property
    def problem(self) -> str | None:
        """One line on what went wrong with the stream or with a handler, or None."""
        if self._error is not None:
            return f"{type(self._error).__name__}: {self._error}"
        return self.stream.problem or self._pipeline.problem()

    def attach(self, *attachments: Attachment) -> None:
        """Feed handlers from the next batch on, and tell all; to be called while held.

        Raises Busy when a handler does not return from being told.
        """
        self.call(partial(self._pipeline.attach, *attachments), self._answer_s)

    def detach(self, *attachments: Attachment) -> None:
        """Stop feeding handlers, close them and tell the others; to be called while held.

        A handler that does not return is left behind, and the others go on in a new thread; if it
        is none of these, they are done without their closing.
        """
        self._pipeline.remove(*attachments)  # the worker is held, or in one handler for good
        self._renew(attachments)
        for attachment in attachments:
            if not attachment.inside():
                self._ask("closing", attachment.close)
                self._renew([attachment])
        self._ask("telling the others", self._pipeline.tell_detached)

    def _ask(self, what: str, command: Callable[[], None]) -> None:
        """Have the worker do what must not stop the rest."""
        try:
            self.call(command, self._answer_s)
        except Exception as error:
            _log.error("tap %s: %s of handlers that go: %s", self.tap, what, error)

    def _renew(self, attachments: Iterable[Attachment]) -> None:
        """Have another worker go on if this one is stuck in one of these handlers."""
        stuck = [name for name in (a.inside() for a in attachments) if name]
        if self._worker.stuck and stuck:
            _log.error("tap %s: handler %s does not return; left behind", self.tap, stuck[0])
            self._worker.renew()

    def step(self) -> bool:
        """Handle the next batch, or nothing if a live stream has none; False at the end."""
        if self.finished:
            return False
        if self._source is None:
            self._source = iter(self._reader) if self.live else self.stream.batches()
        item = END if self._stopping else next(self._source, END)
        if isinstance(item, Table):
            if len(item):
                try:
                    self._pipeline.process(item)
                finally:
                    self._pipeline.count(item)
        elif isinstance(item, Control):
            self._pipeline.control(item)
        elif item is END:
            self._pipeline.finish()
            return False
        return True

    def run(self) -> None:
        """Handle batches and commands until the stream ends."""
        while self.step():
            self._run_commands()
        self._run_commands()

    def _run_commands(self) -> None:
        while (command := self._queue.next_command()) is not None:
            command()

    def serve(self) -> None:
        """Have a worker, which until `start` does only what it is asked."""
        self._worker.serve()

    def start(self) -> None:
        """Run in threads of their own, unless that is so already."""
        if self._worker.running:
            return
        self._worker.start()
        if self.live:
            name = f"capture-{self.spec.name}-{self.tap}"
            self._capture = threading.Thread(target=self._read, name=name, daemon=True)
            self._capture.start()

    def join(self) -> None:
        """Wait for the stream's end; raises what made it fail."""
        if self._worker.running:
            self._worker.over.wait()
        if self._error is not None:
            raise self._error

    def call(self, command: Callable[[], Result], patience_s: float | None = None) -> Result:
        """Run a function between batches and return its result.

        Raises Busy when the batch under way takes longer than `patience_s`; the function may then
        still run, if the worker takes it up at that very moment.
        """
        return self._worker.call(command, patience_s)

    def held(self, patience_s: float) -> AbstractContextManager[None]:
        """Keep the worker between two batches; what this thread calls then is done at once.

        Raises Busy, with nothing held, when the batch under way takes longer than `patience_s`.
        """
        return self._worker.held(patience_s)

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting for the end."""
        self._stopping = True
        self._tell_stream(self.stream.stop)

    def stop(self, patience_s: float = PATIENCE_S) -> bool:
        """End the stream and seal the buckets; snapshots and status stay.

        What a live stream has read is still counted, as far as that takes no longer than
        `patience_s`; what is left then becomes queue drops. False if a handler does not return.
        """
        self.ask_to_stop()
        if self._left_behind:
            patience_s = 0
        deadline = time.monotonic() + patience_s
        if self._capture is not None:
            self._capture.join(patience_s)
        worker = self._worker
        if worker.running and not worker.over.wait(max(deadline - time.monotonic(), 0)):
            self._queue.abandon()
            if not worker.over.wait(0 if self._left_behind else LAST_BATCH_S):
                return self._leave_behind()
        try:
            self.call(self._finish, LAST_BATCH_S)
        except Busy:
            return self._leave_behind()
        return True

    def close(self) -> None:
        """End the stream and let go of it and its handlers."""
        ended = self.stop()
        self._tell_stream(self.stream.close)
        if ended:
            try:
                self.call(self._close_handlers, CLOSE_S)
            except Busy:
                self._leave_behind()
        self._worker.close(0 if self._left_behind else LAST_BATCH_S)

    def _finish(self) -> None:
        if not self.finished:
            self._pipeline.finish()

    def _close_handlers(self) -> None:
        attachments = self._pipeline.attachments
        self._pipeline.remove(*attachments)
        for attachment in attachments:
            attachment.close()

    def _leave_behind(self) -> bool:
        if not self._left_behind:
            self._left_behind = True
            _log.error("tap %s: a handler does not return; left behind", self.tap)
        return False

    def _tell_stream(self, end: Callable[[], None]) -> None:
        """A stream that cannot even be ended must not keep what comes after from being done."""
        try:
            end()
        except (Exception, SystemExit) as error:
            _log.error("tap %s: the input failed while it ended", self.tap, exc_info=error)

    def info(self) -> Mapping[str, Any]:
        """What the input says of itself; to be asked for between batches."""
        return self._questions.ask("info", self.stream.info)

    def resolved(self) -> Mapping[str, Any]:
        """Config keys with what the input found them to mean."""
        return self._questions.ask("resolved settings", self.stream.resolved)

    @property
    def now_ns(self) -> int:
        """The stream's time: the clock's, or that of a recorded stream's last event."""
        return self._pipeline.now_ns()

    def stage_counters(self) -> dict[str, int]:
        """What the stages gave up so far."""
        return self._pipeline.stage_counters()

    def status(self) -> StreamStatus:
        """The ledger and the handlers' health, at once, whatever the worker is busy with."""
        queue, reader = self._queue, self._reader
        with queue.still():
            counts, queued, queue_drops = self.counts, queue.rows, queue.dropped_rows
            queued_bytes = queue.bytes
        # What comes in is read last: never less than what became of it.
        received = reader.received if self.live else counts.processed
        capture = reader.statistics
        return StreamStatus(
            tap=self.tap,
            input=self.spec.name,
            state=self._state(),
            live=self.live,
            problem=self.problem,
            kernel_received=received if capture is None else capture.received,
            kernel_drops=0 if capture is None else capture.os_drops,
            interface_drops=0 if capture is None else capture.interface_drops,
            kernel_filtered=None if capture is None else capture.filtered,
            queued=queued,
            queue_drops=queue_drops,
            processed=counts.processed,
            malformed=counts.malformed,
            truncated=counts.truncated,
            unsupported=counts.unsupported,
            batches_failed=self._pipeline.batches_failed,
            times_replaced=reader.times_replaced,
            queued_bytes=queued_bytes,
            queue_limit_bytes=queue.limit_bytes,
            busy_ns=self._pipeline.busy_ns,
            given_up=self.stage_counters(),
            handlers=self._pipeline.handler_status(),
        )

    def _state(self) -> str:
        if self._error is not None:
            return "failed"
        if self.finished:
            return "finished"
        return "running" if self._worker.running or self._source is not None else "ready"

    def _read(self) -> None:
        """The capture thread: fill the queue."""
        queue = self._queue
        try:
            for item in self._reader:
                if isinstance(item, Table):
                    queue.offer(item)
                elif item is not None:
                    queue.put(item)
        except BaseException as error:
            self._fail(error)
        finally:
            queue.put(END)

    def _work(self) -> None:
        """Handle the stream to its end, in the worker."""
        try:
            if self.live:
                self._work_off()
            else:
                self.run()
        except Replaced:
            raise
        except BaseException as error:
            self._fail(error)
            self._tell_stream(self.stream.stop)

    def _work_off(self) -> None:
        """Handle what comes through the queue until its end."""
        queue, pipeline = self._queue, self._pipeline
        while True:
            item = queue.get()
            if isinstance(item, Table):
                try:
                    pipeline.process(item)
                except (Exception, SystemExit) as error:
                    pipeline.lose(error)
                finally:
                    with queue.still():  # it is either queued or processed, whoever looks
                        queue.done()
                        pipeline.count(item)
            elif isinstance(item, Control):
                pipeline.control(item)
            elif isinstance(item, End):
                pipeline.finish()
                return
            else:
                item()

    def _fail(self, error: BaseException) -> None:
        _log.error("tap %s: the stream failed", self.tap, exc_info=error)
        if self._error is None:
            self._error = error
