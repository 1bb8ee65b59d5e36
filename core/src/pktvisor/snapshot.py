"""What the engine hands out: the buckets of a policy's handlers, copied at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pktvisor.exposition.json import bucket_json, dumps
from pktvisor.metrics import Bucket

__all__ = ["HandlerSnapshot", "Snapshot"]


class HandlerSnapshot(NamedTuple):
    """One handler's buckets, newest first, how many periods it keeps, and of which tap."""

    name: str
    version: str
    buckets: tuple[Bucket, ...]
    periods: int
    tap: str = ""

    def window(self) -> Bucket:
        """All kept periods merged into one bucket; with one period, that one."""
        if self.periods == 1 or len(self.buckets) == 1:
            return self.buckets[0]
        return type(self.buckets[0]).merged(self.buckets)


class Snapshot(NamedTuple):
    """An immutable result: handlers by the name they have in the policy, and the stream's counts.

    `merge_like_handlers` is the policy's wish; `merged` is what grants it.
    """

    policy: str
    handlers: Mapping[str, HandlerSnapshot]
    stream: Mapping[str, int]
    problem: str | None = None
    merge_like_handlers: bool = False

    def merged(self) -> Snapshot:
        """The same with handlers of one kind of bucket as one, named `<schema>_merged`.

        Their traffic is taken as disjoint parts of the same periods: counts add, lengths do not.
        """
        alike: dict[type[Bucket], list[HandlerSnapshot]] = {}
        for handler in self.handlers.values():
            alike.setdefault(type(handler.buckets[0]), []).append(handler)
        handlers = {}
        for kind, parts in alike.items():
            depth = max(len(part.buckets) for part in parts)
            buckets = tuple(
                kind.merged([p.buckets[n] for p in parts if n < len(p.buckets)], parallel=True)
                for n in range(depth)
            )
            taps = {part.tap for part in parts}
            name = f"{kind.schema}_merged"
            handlers[name] = HandlerSnapshot(
                name,
                parts[0].version,
                buckets,
                max(part.periods for part in parts),
                taps.pop() if len(taps) == 1 else "",
            )
        return self._replace(handlers=handlers)

    def by_handler(self) -> dict[str, dict[str, Any]]:
        """`{handler: {schema: {…}}}` over all kept periods; merged where the policy says so."""
        view = self.merged() if self.merge_like_handlers else self
        return {
            name: {bucket.schema: bucket_json(bucket)}
            for name, handler in view.handlers.items()
            for bucket in [handler.window()]
            if not bucket.silent
        }

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
