"""The contract of an input stream: where batches come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pktvisor.batches import Hosts, Table
from pktvisor.streams.control import CaptureStatistics

__all__ = ["InputStream", "StreamContext"]


class StreamContext(NamedTuple):
    """What the engine gives an input stream: the hosts that decide directions."""

    hosts: Hosts = Hosts()


class InputStream(ABC):
    """A source of batches, made from a tap.

    `batches` yields until the source ends (files) or `stop` is called (live). Batches hold at most
    16384 rows and are read-only. A source that breaks half way ends the iteration and says why in
    `problem`: what came before it counts.

    A recorded stream is read as fast as its handlers go, and each batch is done with before the
    next is asked for, so the memory behind it may be used again. A live one (`recorded = False`)
    is read by a thread of its own into a queue, so each batch owns its memory. It must never block
    for longer than 100 ms: it yields what has come by then, or None if nothing has. `stop` comes
    from another thread; the iteration then yields what it holds and ends. `close` follows when no
    thread reads any more, and may be called twice.
    """

    recorded: bool = True

    @abstractmethod
    def batches(self) -> Iterator[Table | None]:
        """Yield batches in arrival order; None when a live stream has nothing new."""

    def statistics(self) -> CaptureStatistics | None:
        """What the capture source has counted; None where there is none that counts.

        Called from the thread that reads the batches, between every two of them and at the end:
        what takes long to read is better read once a second.
        """
        return None

    @property
    def problem(self) -> str | None:
        """One line on why the source ended early, or None."""
        return None

    def progress(self) -> tuple[int, int | None]:
        """Bytes read so far and in all; None where the end is not known."""
        return 0, None

    def info(self) -> Mapping[str, Any]:
        """What the API shows of this stream."""
        return {}

    def resolved(self) -> Mapping[str, Any]:
        """Config keys with what the stream found them to mean, such as the interface `auto` is."""
        return {}

    def stop(self) -> None:  # noqa: B027 - a recorded stream ends by itself
        """Make a live stream's iteration end soon."""

    def close(self) -> None:  # noqa: B027 - nothing to close is common
        """Let go of files, sockets and threads."""
