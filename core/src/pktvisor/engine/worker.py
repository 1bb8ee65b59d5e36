"""The one thread that works on a stream and runs its handlers, and what is asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

from pktvisor.engine.batch_queue import BatchQueue
from pktvisor.engine.turns import Busy, Hold, Replaced, Task

__all__ = ["Worker"]

Result = TypeVar("Result")


class Worker:
    """A thread that does what it is asked from `serve` to `close`, and `work` once from `start` on.

    Without one, what is asked is done by whoever asks, one after the other. What comes through
    `queue` as a command is done between two batches: `work` must look for commands there.
    """

    def __init__(
        self, name: str, tap: str, queue: BatchQueue, work: Callable[[], None], answer_s: float
    ) -> None:
        self.running = False  # from `start` on
        self.over = threading.Event()  # `work` has come to its end
        self._name = name
        self._tap = tap
        self._queue = queue
        self._do_work = work
        self._answer_s = answer_s
        self._turn = threading.Lock()
        self._serving = False
        self._begun = False  # `work` is to begin, or has
        self._closed = False
        self._hold: Hold | None = None
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Begin to do what is asked."""
        with self._turn:
            if not self._serving and not self._closed:
                self._serving = True
                self._begin()

    def start(self) -> None:
        """Begin to work."""
        self.running = True
        self._queue.command(self._let_begin)
        self.serve()

    def close(self, patience_s: float) -> None:
        """End, now or when it returns from where it is; what is asked then is done at once."""
        self._closed = True
        self._queue.command(_nothing)
        if self._thread is not None:
            self._thread.join(patience_s)

    @property
    def stuck(self) -> bool:
        """Whether it did not come back from what its holder asked."""
        return self._hold is not None and self._hold.stuck

    def renew(self) -> None:
        """Have another thread go on where this one is stuck; the holder asks that from now on."""
        assert self._hold is not None
        self._hold.renew(partial(self._begin, self._hold))

    def call(self, command: Callable[[], Result], patience_s: float | None) -> Result:
        """Run a function between batches and return its result; see `StreamRunner.call`."""
        hold = self._hold
        if hold is not None and hold.holder == threading.get_ident():
            return self._call_held(hold, command)
        with self._my_turn(patience_s):
            if not self._serving:
                return command()
            task = Task(command)
            run = task.run
            self._queue.command(run)
        if not task.wait(patience_s):
            assert patience_s is not None
            self._queue.withdraw(run)
            raise self._busy(patience_s)
        return task.result()

    @contextmanager
    def held(self, patience_s: float) -> Iterator[None]:
        """Keep the worker between two batches; what this thread calls then is done at once.

        Raises Busy, with nothing held, when the batch under way takes longer than `patience_s`.
        """
        hold = Hold()

        def wait() -> None:
            hold.serve(self._replaced)

        with ExitStack() as undo:
            undo.enter_context(self._my_turn(patience_s))
            if self._serving:
                self._queue.command(wait)
                undo.close()  # the turn: the worker needs it to end
                undo.callback(hold.let_go)
                if not hold.arrived.wait(patience_s):
                    self._queue.withdraw(wait)
                    raise self._busy(patience_s)
            self._hold = hold
            try:
                yield
            finally:
                self._hold = None

    def _call_held(self, hold: Hold, command: Callable[[], Result]) -> Result:
        if not self._serving:
            return command()
        try:
            return hold.call(command, self._answer_s)
        except Busy as error:
            raise Busy(f"stream {self._tap}: {error}") from None

    @contextmanager
    def _my_turn(self, patience_s: float | None) -> Iterator[None]:
        if not self._turn.acquire(timeout=-1 if patience_s is None else patience_s):
            assert patience_s is not None
            raise self._busy(patience_s)
        try:
            yield
        finally:
            self._turn.release()

    def _busy(self, patience_s: float) -> Busy:
        return Busy(
            f"stream {self._tap}: its handlers are busy with one batch for {patience_s:.3g} s"
        )

    def _begin(self, hold: Hold | None = None) -> None:
        target = partial(self._work, hold)
        self._thread = threading.Thread(target=target, name=self._name, daemon=True)
        self._thread.start()

    def _let_begin(self) -> None:
        self._begun = True

    def _replaced(self) -> bool:
        return self._thread is not threading.current_thread()

    def _work(self, hold: Hold | None) -> None:
        """The worker thread: from where it is wanted, or another was left behind, to the end."""
        try:
            if hold is not None:
                hold.serve(self._replaced)
            while not (self._begun or self._closed):
                self._queue.wait_for_command()()
            if self._begun and not self.over.is_set():
                self._do_work()
                self.over.set()
            while not self._closed:
                self._queue.wait_for_command()()
        except Replaced:
            return
        with self._turn:  # whoever calls from now on does it in their own thread
            while (command := self._queue.next_command()) is not None:
                command()
            self._serving = False


def _nothing() -> None:
    """What is asked of a worker to have it look up."""
