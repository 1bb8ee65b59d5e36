"""How a stream and its handlers fare: the loss ledger and the health of each part."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["HandlerStatus", "StreamStatus"]

_NOTHING: Mapping[str, int] = MappingProxyType({})


class HandlerStatus(NamedTuple):
    """One attached handler.

    `busy_ns` is the time spent in its code, `busy_share` that time as a part (0 to 1) of all the
    time the stream's worker has spent on batches. `errors` counts what it raised; `stopped` says it
    raised too often and gets no more batches. `evicted` counts by table what was given up for want
    of room, `metrics` being the tables of all its buckets.
    """

    policy: str
    name: str
    busy_ns: int = 0
    busy_share: float = 0.0
    errors: int = 0
    last_error: str = ""
    stopped: bool = False
    evicted: Mapping[str, int] = _NOTHING


class StreamStatus(NamedTuple):
    """One stream.

    `state` is `ready` (not started), `running`, `finished` or `failed`; `problem` says why it broke
    off. The loss ledger is in rows (packets):

        kernel_received = kernel_drops + queued + queue_drops + processed

    exactly, once the sender has stopped and the capture buffer is empty. `interface_drops` is the
    interface's own count of what it dropped, and `kernel_filtered` (None: nobody counts them) what
    the capture filter rejected; neither is part of the sum. `malformed`, `truncated`, `unsupported`
    and `batches_failed` (batches on which a stage failed) tell of `processed`. `given_up` is what the
    stages let go (connections, datagrams, segments), by reason.
    """

    tap: str
    input: str
    state: str
    live: bool
    problem: str | None = None
    kernel_received: int = 0
    kernel_drops: int = 0
    interface_drops: int = 0
    kernel_filtered: int | None = None
    queued: int = 0
    queue_drops: int = 0
    processed: int = 0
    malformed: int = 0
    truncated: int = 0
    unsupported: int = 0
    batches_failed: int = 0
    times_replaced: int = 0
    queued_bytes: int = 0
    queue_limit_bytes: int = 0
    busy_ns: int = 0
    given_up: Mapping[str, int] = _NOTHING
    handlers: tuple[HandlerStatus, ...] = ()

    @property
    def unaccounted(self) -> int:
        """Packets the kernel has counted that are still in its buffer (or, at rest, lost: 0)."""
        return self.kernel_received - (
            self.kernel_drops + self.queued + self.queue_drops + self.processed
        )
