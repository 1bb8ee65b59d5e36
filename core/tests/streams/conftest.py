"""A live stream, a clock and handlers that tests move by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pktvisor.batches import Array, Column, Table
from pktvisor.engine import Engine, Limits
from pktvisor.metrics import Bucket, Counter
from pktvisor.plugins import Plugins
from pktvisor.streams import (
    CaptureStatistics,
    Control,
    HandlerSpec,
    InputSpec,
    InputStream,
    StreamContext,
    StreamHandler,
)
from pktvisor_sdk.streams import ManualClock

NS = 1_000_000_000
START = 1_800_000_000 * NS


class Ticks(Table):
    timestamp_ns = Column(np.int64, "ns", "time")


class TickBucket(Bucket):
    schema = "ticks"
    total = Counter("total", help="Ticks")


class Feed:
    """What the fake stream yields next; a thread that reads it waits until something is put."""

    def __init__(self) -> None:
        self._items: list[Table | Exception | None] = []
        self._changed = threading.Condition()
        self.ended = False
        self.statistics: CaptureStatistics | None = None
        self._asked = False  # the reader waits for more

    def put(self, *times_s: float, at_ns: int = START) -> None:
        times = np.array([at_ns + int(t * NS) for t in times_s], np.int64)
        with self._changed:
            self._items.append(Ticks(len(times), {"timestamp_ns": times}))
            self._changed.notify_all()

    def idle(self) -> None:
        with self._changed:
            self._items.append(None)
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        with self._changed:
            self._items.append(error)
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Table | None]:
        while True:
            with self._changed:
                self._asked = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._items or self.ended)
                if not self._items:
                    return
                item = self._items.pop(0)
                self._asked = False
            if isinstance(item, Exception):
                raise item
            yield item

    def wait_until_read(self) -> None:
        """Return when the reader has come back for more than there is."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._asked and not self._items, 10)


class FakeLive(InputStream):
    recorded = False
    feed: Feed

    def __init__(self, config: Any, context: StreamContext) -> None:
        self.closed = False

    def batches(self) -> Iterator[Table | None]:
        return iter(self.feed)

    def statistics(self) -> CaptureStatistics | None:
        return self.feed.statistics

    def stop(self) -> None:
        self.feed.end()

    def close(self) -> None:
        self.closed = True


class Adder(StreamHandler[Ticks, TickBucket]):
    """Counts ticks and remembers what else it was told."""

    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        self.rows: list[Control] = []
        self.shifts: list[int] = []
        self.fail: set[str] = set()
        self.gate: threading.Event | None = None
        self.entered = threading.Event()

    def update(self, batch: Ticks, bucket: TickBucket) -> Array | None:
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        bucket.total.add(len(batch))
        if "update" in self.fail:
            raise RuntimeError("broken on purpose")
        return None

    def period_shift(self, sealed: TickBucket, live: TickBucket, at_ns: int) -> None:
        self.shifts.append(at_ns)
        if "period_shift" in self.fail:
            raise RuntimeError("broken on purpose")

    def control(self, row: Control, bucket: TickBucket) -> None:
        self.rows.append(row)
        if "control" in self.fail:
            raise RuntimeError("broken on purpose")


class Bench:
    """An engine over one fake live stream, stepped by hand or started."""

    def __init__(self, limits: Limits) -> None:
        self.feed = Feed()
        self.clock = ManualClock(START)
        self.adders: dict[str, Adder] = {}
        stream = type("Stream", (FakeLive,), {"feed": self.feed})
        self.engine = Engine(Plugins(autoload=False), limits=limits, clock=self.clock)
        self.engine.add_tap("t", InputSpec(name="fake", version="1.0", factory=stream, emits=Ticks))

    def attach(self, policy: str, *names: str) -> Adder:
        """Attach a policy of one handler or more; the first is returned."""

        def maker(name: str) -> Any:
            def make(config: Any, context: Any) -> Adder:
                self.adders[name] = Adder(config, context)
                return self.adders[name]

            return make

        specs = [
            HandlerSpec(
                name=name,
                version="1.0",
                bucket=TickBucket,
                factory=maker(name),
                accepts=(Ticks,),
            )
            for name in names or (policy,)
        ]
        self.engine.add_policy(policy, "t", specs)
        return self.adders[specs[0].name]

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.engine.step("t")

    @property
    def status(self) -> Any:
        return self.engine.streams()[0]

    def totals(self, policy: str) -> dict[str, list[int]]:
        """Ticks by handler and bucket, newest first."""
        found = self.engine.snapshot(policy).handlers
        return {
            name: [bucket.states["total"].value for bucket in handler.buckets]  # type: ignore[attr-defined]
            for name, handler in found.items()
        }


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench(Limits())
    yield made
    made.feed.end()
    made.engine.close()


@pytest.fixture
def start_ns() -> int:
    return START
