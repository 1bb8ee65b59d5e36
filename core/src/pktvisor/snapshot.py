"""What the engine hands out: the buckets of a policy's handlers, copied at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pktvisor.exposition.json import bucket_json, dumps
from pktvisor.metrics import Bucket

__all__ = ["HandlerSnapshot", "Snapshot"]


@dataclass(frozen=True)
class HandlerSnapshot:
    """One handler's buckets, newest first, and how many periods it keeps."""

    name: str
    version: str
    buckets: tuple[Bucket, ...]
    periods: int

    def window(self) -> Bucket:
        """All kept periods merged into one bucket; with one period, that one."""
        if self.periods == 1 or len(self.buckets) == 1:
            return self.buckets[0]
        return type(self.buckets[0]).merged(self.buckets)


@dataclass(frozen=True)
class Snapshot:
    """An immutable result: handlers by the name they have in the policy, and the stream's counts."""

    policy: str
    handlers: Mapping[str, HandlerSnapshot]
    stream: Mapping[str, int]
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """`{"<periods>m": {schema: {…}}}`, as pktvisor-reader prints it."""
        windows: dict[str, dict[str, Any]] = {}
        for handler in self.handlers.values():
            bucket = handler.window()
            if bucket.silent:
                continue
            windows.setdefault(f"{handler.periods}m", {})[bucket.schema] = bucket_json(bucket)
        return windows

    def to_json(self) -> str:
        """That as one compact line with sorted keys."""
        return dumps(self.to_dict())

    def to_prometheus(self) -> str:
        """Prometheus text: the last finished period of each handler, else the live one."""
        from pktvisor.exposition.prometheus import prometheus_text

        labels = {"policy": self.policy}
        return prometheus_text(
            (handler.buckets[min(1, len(handler.buckets) - 1)], labels)
            for handler in self.handlers.values()
        )
