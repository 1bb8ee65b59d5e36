"""Wait for one's turn, and for what a stream's worker is asked to do, but not for ever."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

__all__ = ["Busy", "Hold", "Replaced", "Task", "Turn", "apart"]

Result = TypeVar("Result")


class Busy(Exception):  # noqa: N818 - named as what it says
    """Who was asked did not come to answer in time: one line."""


class Replaced(BaseException):
    """Another worker goes on in the place of one that was left behind in a handler."""


class Turn:
    """A lock that one thread may take again, waited for no longer than `patience_s`."""

    def __init__(self, what: str, patience_s: float) -> None:
        self._what = what
        self._patience_s = patience_s
        self._lock = threading.RLock()

    def acquire(self, timeout: float = -1) -> bool:
        """Take it; False if others have it for longer than `timeout`; -1: wait for ever."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Let the next one have it."""
        self._lock.release()

    def __enter__(self) -> None:
        if not self.acquire(self._patience_s):
            raise Busy(f"{self._what} for {self._patience_s:.3g} s")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Task(Generic[Result]):
    """A command somebody waits for."""

    def __init__(self, command: Callable[[], Result]) -> None:
        self._command = command
        self._done = threading.Event()
        self._outcome: list[Result] = []
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run it in the worker; what it raises goes to whoever waits."""
        try:
            self._outcome.append(self._command())
        except BaseException as error:
            self._failure = error
        finally:
            self._done.set()

    def wait(self, patience_s: float | None) -> bool:
        """Wait for the outcome; False if there is none in time."""
        return self._done.wait(patience_s)

    def result(self) -> Result:
        """The outcome; raises what the command raised."""
        if self._failure is not None:
            raise self._failure
        return self._outcome[0]


class Hold:
    """A worker that is kept between two batches and does what its holder asks, nothing else.

    `stuck` once it did not come back from something; nothing more is asked of it then. `renew`
    lets it go for good, and the thread that runs `serve` next is asked from then on.
    """

    def __init__(self) -> None:
        self.holder = threading.get_ident()
        self.arrived = threading.Event()
        self.stuck = False
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def serve(self, replaced: Callable[[], bool]) -> None:
        """Do what is asked until let go; runs in the worker. Raises Replaced if it was."""
        commands = self._commands
        self.arrived.set()
        while (command := commands.get()) is not None:
            command()
        if replaced():
            raise Replaced

    def call(self, command: Callable[[], Result], patience_s: float) -> Result:
        """Have the worker run a function. Raises Busy if that takes longer than `patience_s`."""
        task = Task(command)
        if not self.stuck:
            self._commands.put(task.run)
            self.stuck = not task.wait(patience_s)
        if self.stuck:
            raise Busy(f"a handler has not returned for {patience_s:.3g} s")
        return task.result()

    def let_go(self) -> None:
        """Let the worker go on, once it has done what it was asked."""
        self._commands.put(None)

    def renew(self, start: Callable[[], None]) -> None:
        """Let the worker go that is stuck, and have `start` bring another one here."""
        left, self._commands = self._commands, queue.SimpleQueue()
        self.arrived.clear()
        start()
        self.arrived.wait()
        self.stuck = False
        left.put(None)


def apart(work: Callable[[], None], patience_s: float, name: str) -> bool:
    """Do something in a thread of its own; False, and left behind, if it takes too long."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    thread.join(patience_s)
    return not thread.is_alive()
