"""The contract of a sink: where sealed buckets go, one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from pktvisor.metrics import Bucket

__all__ = ["SealedBucket", "Sink"]


class SealedBucket(NamedTuple):
    """One finished period of one handler; the bucket gets no more updates and is not to be changed."""

    policy: str
    handler: str
    version: str
    bucket: Bucket


class Sink(ABC):
    """Takes sealed buckets, in a thread of its own.

    `write` may take its time: capture and handlers never wait for it. Buckets that come while 64
    others wait are dropped and counted; one that `write` raises for is counted as an error and not
    offered again.
    """

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def write(self, sealed: SealedBucket) -> None:
        """Put one finished period where it belongs."""

    def close(self) -> None:  # noqa: B027 - nothing to close is common
        """Flush, and let go of files and connections; no write follows."""
