"""Hand sealed buckets to sinks without ever waiting for one."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pktvisor.engine.making import make
from pktvisor.engine.settings import build_config
from pktvisor.streams import SealedBucket, Sink, SinkSpec

__all__ = ["SinkStatus", "Sinks"]

_log = logging.getLogger(__name__)

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
    last_error: str = ""


class _Running:
    """One sink, its queue and its thread."""

    def __init__(self, name: str, kind: str, sink: Sink) -> None:
        self.name = name
        self.kind = kind
        self._sink = sink
        self._queue: queue.Queue[SealedBucket | None] = queue.Queue(WAITING)
        self._offered = self._written = self._errors = self._dropped = 0
        self._last_error = ""
        self._thread = threading.Thread(target=self._work, name=f"sink-{name}", daemon=True)
        self._thread.start()

    def offer(self, sealed: SealedBucket) -> None:
        self._offered += 1
        try:
            self._queue.put_nowait(sealed)
        except queue.Full:
            self._dropped += 1

    def status(self) -> SinkStatus:
        return SinkStatus(
            self.name, self.kind, self._offered, self._written, self._errors, self._dropped,
            self._queue.qsize(), self._last_error,
        )  # fmt: skip

    def close(self) -> None:
        try:
            self._queue.put(None, timeout=PATIENCE_S)
        except queue.Full:
            _log.warning("sink %s: %d buckets were not written", self.name, self._queue.qsize())
            return
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            _log.warning("sink %s does not return; left behind", self.name)

    def _work(self) -> None:
        while (sealed := self._queue.get()) is not None:
            try:
                self._sink.write(sealed)
            except Exception as error:
                self._errors += 1
                self._last_error = f"{type(error).__name__}: {error}"
                _log.warning("sink %s: %s", self.name, self._last_error)
            else:
                self._written += 1
        try:
            self._sink.close()
        except Exception as error:
            _log.warning("sink %s: closing: %s: %s", self.name, type(error).__name__, error)


class Sinks:
    """The sinks of one engine; every sealed bucket is offered to each."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def add(self, name: str, spec: SinkSpec, values: Mapping[str, Any]) -> None:
        """Start a sink. Raises ValueError when the name is taken or its config is wrong."""
        if name in self._running:
            raise ValueError(f"sink {name!r} exists already")
        config = build_config(f"sink {name!r}", spec.config, values)
        sink: Sink = make(spec.factory, config)
        self._running = {**self._running, name: _Running(name, spec.name, sink)}

    def remove(self, name: str) -> None:
        """Let a sink write what waits, and end it. Raises LookupError naming those there are."""
        if name not in self._running:
            raise LookupError(f"no sink {name!r}; there are: {', '.join(self._running) or 'none'}")
        rest = dict(self._running)
        leaving = rest.pop(name)
        self._running = rest
        leaving.close()

    def offer(self, sealed: SealedBucket) -> None:
        """Offer a bucket to every sink; never waits."""
        for running in self._running.values():
            running.offer(sealed)

    def status(self) -> list[SinkStatus]:
        """How each sink fares."""
        return [running.status() for running in self._running.values()]

    def close(self) -> None:
        """End all sinks."""
        for name in list(self._running):
            self.remove(name)
