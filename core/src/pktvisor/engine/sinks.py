"""Hand sealed buckets to sinks without ever waiting for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pktvisor.engine.making import make
from pktvisor.engine.settings import SinkPlan, build_config
from pktvisor.later import later_logger
from pktvisor.policies.errors import NotFound
from pktvisor.streams import SealedBucket, Sink, SinkSpec

__all__ = ["RunningSink", "SinkStatus", "Sinks"]

_log = later_logger(__name__)

WAITING = 64  # sealed buckets a sink may be behind; a few minutes of a busy agent
PATIENCE_S = 2.0  # for a sink to work off what waits when it is closed


@dataclass(frozen=True)
class SinkStatus:
    """How a sink fares: `offered` = `written` + `errors` + `dropped` + `waiting`, once it is idle."""

    name: str
    type: str
    offered: int
    written: int
    errors: int
    dropped: int
    waiting: int
    last_error: str


class RunningSink:
    """One sink, its queue and its thread, which begins with the first bucket.

    So the thread may do no more than the one it comes from: privileges are given up before buckets
    are filled.
    """

    def __init__(self, plan: SinkPlan) -> None:
        """Make the sink. Raises ValueError, LookupError or OSError as `make` does."""
        self.name = plan.name
        self._kind = plan.spec.name
        self._sink: Sink = make(plan.spec.factory, plan.config)
        self._waiting: deque[SealedBucket] = deque()
        self._offered = self._written = self._errors = self._dropped = 0
        self._last_error = ""
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def offer(self, sealed: SealedBucket) -> None:
        """Take a bucket, or drop and count it if too many wait or it is closed; never waits."""
        with self._changed:
            self._offered += 1
            if self._closed or len(self._waiting) == WAITING:
                self._dropped += 1
                return
            self._waiting.append(sealed)
            if self._thread is None:
                self._begin()
            self._changed.notify()

    def status(self) -> SinkStatus:
        """How it fares."""
        with self._changed:
            return SinkStatus(
                self.name, self._kind, self._offered, self._written, self._errors, self._dropped,
                len(self._waiting), self._last_error,
            )  # fmt: skip

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Let it write what waits, and end it.

        After `patience_s` what still waits is dropped and counted; a sink that does not return
        from its bucket is left behind, and ends when it does.
        """
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify()
            if self._thread is None:  # it never got a bucket, but may hang all the same
                self._begin()
            assert self._thread is not None
        self._thread.join(patience_s)
        with self._changed:
            left = len(self._waiting)
            self._waiting.clear()
            self._dropped += left
        if self._thread.is_alive():
            _log.warning(
                "sink %s does not return; left behind with %d buckets not written", self.name, left
            )

    def _begin(self) -> None:
        name = f"sink-{self.name}"
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (sealed := self._next()) is not None:
            try:
                self._sink.write(sealed)
            except (Exception, SystemExit) as error:
                text = f"{type(error).__name__}: {error}"
                with self._changed:
                    self._errors += 1
                    self._last_error = text
                _log.warning("sink %s: %s", self.name, text)
            else:
                with self._changed:
                    self._written += 1
        self._end()

    def _next(self) -> SealedBucket | None:
        """Wait for the next bucket; None when none comes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return self._waiting.popleft() if self._waiting else None

    def _end(self) -> None:
        try:
            self._sink.close()
        except (Exception, SystemExit) as error:
            _log.warning("sink %s: closing: %s: %s", self.name, type(error).__name__, error)


class Sinks:
    """The sinks of one engine; every sealed bucket is offered to each."""

    def __init__(self) -> None:
        self._running: dict[str, RunningSink] = {}

    def add(self, name: str, spec: SinkSpec, values: Mapping[str, Any]) -> None:
        """Make a sink. Raises ValueError when the name is taken or its config is wrong."""
        if name in self._running:
            raise ValueError(f"sink {name!r} exists already")
        config = build_config(f"sink {name!r}", spec.config, values)
        self.exchange((), [RunningSink(SinkPlan(name, spec, config))])

    def remove(self, name: str) -> None:
        """Let a sink write what waits, and end it. Raises NotFound naming those there are."""
        if name not in self._running:
            raise NotFound(f"no sink {name!r}; there are: {', '.join(self._running) or 'none'}")
        self.exchange([name], ())

    def exchange(self, leaving: Iterable[str], entering: Iterable[RunningSink]) -> None:
        """Put sinks in the place of others; those that leave write what waits first."""
        before, gone = self._running, set(leaving)
        kept = {name: sink for name, sink in before.items() if name not in gone}
        self._running = {**kept, **{sink.name: sink for sink in entering}}
        for name in gone:
            before[name].close()

    def offer(self, sealed: SealedBucket) -> None:
        """Offer a bucket to every sink; never waits."""
        for running in self._running.values():
            running.offer(sealed)

    def status(self) -> list[SinkStatus]:
        """How each sink fares."""
        return [running.status() for running in self._running.values()]

    def close(self) -> None:
        """End all sinks."""
        self.exchange(list(self._running), ())
