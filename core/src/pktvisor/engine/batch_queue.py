"""What waits between a stream's capture thread and its worker."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from pktvisor.batches import Table
from pktvisor.streams import Control

__all__ = ["END", "BatchQueue", "End", "Item"]


class End:
    """Nothing follows."""


END: Final = End()

Item = Table | Control | End
Command = Callable[[], None]


class BatchQueue:
    """Batches in arrival order, bounded in bytes, and commands, which go first.

    A batch that does not fit is refused as a whole and its rows counted in `dropped_rows`; one
    always fits an empty queue. Control rows keep their place among the batches; several in a row
    are one, the last, so their number is bounded by that of the batches.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.rows = 0
        self.bytes = 0
        self.dropped_rows = 0
        self._items: deque[tuple[Item, int]] = deque()
        self._taken = (0, 0)
        self._commands: deque[Command] = deque()
        self._open = True
        self._changed = threading.Condition()

    def offer(self, batch: Table) -> bool:
        """Append a batch if there is room, else drop it."""
        size = batch.nbytes
        with self._changed:
            if not self._open or (self.bytes and self.bytes + size > self.limit_bytes):
                self.dropped_rows += len(batch)
                return False
            self._items.append((batch, size))
            self.rows += len(batch)
            self.bytes += size
            self._changed.notify()
            return True

    def put(self, item: Control | End) -> None:
        """Append a control row or the end."""
        with self._changed:
            last = self._items[-1][0] if self._items else None
            if isinstance(item, Control) and isinstance(last, Control):
                self._items.pop()
            self._items.append((item, 0))
            self._changed.notify()

    def command(self, command: Command) -> None:
        """Have the worker run something before it takes the next item."""
        with self._changed:
            self._commands.append(command)
            self._changed.notify()

    def withdraw(self, command: Command) -> None:
        """Forget a command that was not taken yet."""
        with self._changed, contextlib.suppress(ValueError):
            self._commands.remove(command)

    def get(self) -> Item | Command:
        """Wait for the next command, else the next item; `done` is due after a batch."""
        with self._changed:
            while not self._commands and not self._items:
                self._changed.wait()
            if self._commands:
                return self._commands.popleft()
            item, size = self._items.popleft()
            if isinstance(item, Table):
                self._taken = (len(item), size)
            return item

    def next_command(self) -> Command | None:
        """A waiting command, or None; does not wait."""
        with self._changed:
            return self._commands.popleft() if self._commands else None

    def wait_for_command(self) -> Command:
        """Wait for the next command, whatever else there is."""
        with self._changed:
            self._changed.wait_for(lambda: self._commands)
            return self._commands.popleft()

    def done(self) -> None:
        """The batch taken last has been processed."""
        with self._changed:
            self._release(*self._taken)

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Nothing comes or goes meanwhile: what is read or written adds up."""
        with self._changed:
            yield

    def abandon(self) -> None:
        """Drop what waits, and count it; nothing more is let in."""
        with self._changed:
            self._open = False
            for item, size in self._items:
                if isinstance(item, Table):
                    self.dropped_rows += len(item)
                    self._release(len(item), size)
            self._items = deque(entry for entry in self._items if entry[0] is END)

    def _release(self, rows: int, size: int) -> None:
        self.rows -= rows
        self.bytes -= size
