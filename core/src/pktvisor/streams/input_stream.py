"""The contract of an input stream: where batches come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pktvisor.batches import Hosts, Table

__all__ = ["InputStream", "StreamContext"]


@dataclass(frozen=True)
class StreamContext:
    """What the engine gives an input stream: the hosts that decide directions."""

    hosts: Hosts = field(default_factory=Hosts)


class InputStream(ABC):
    """A source of batches, made from a tap.

    `batches` yields until the source ends (files) or `close` is called (live). Batches hold at most
    8192 rows and are read-only; the consumer is done with one before it asks for the next, so the
    memory behind it may be used again. A source that breaks half way ends the iteration and says
    why in `problem`: what came before it counts. `close` may be called twice and from another
    thread.
    """

    recorded: bool = True

    @abstractmethod
    def batches(self) -> Iterator[Table]:
        """Yield batches in arrival order."""

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

    def close(self) -> None:  # noqa: B027 - nothing to close is common
        """Let go of files, sockets and threads."""
