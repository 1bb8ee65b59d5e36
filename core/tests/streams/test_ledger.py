"""The loss ledger adds up whenever it is read, also in the middle of a batch."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pktvisor import Bucket, Counter, Engine, HandlerSpec, PacketBatch, Plugins, StreamHandler
from pktvisor.streams import StreamStatus
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.streams import given_input


class NoBucket(Bucket):
    schema = "none"
    packets = Counter("packets", "Packets")


class Watcher(StreamHandler[PacketBatch, NoBucket]):
    """Reads the ledger while it has a batch, as any other thread might."""

    engine: Engine
    seen: list[StreamStatus]

    def update(self, batch: PacketBatch, bucket: NoBucket) -> None:
        self.seen.extend(self.engine.streams())


def test_a_batch_is_malformed_no_earlier_than_it_is_processed() -> None:
    cut = udp_frame("192.0.2.1", "192.0.2.2", 4242, 53, b"")[:20]
    with Engine(Plugins(autoload=False)) as engine:
        Watcher.engine, Watcher.seen = engine, []
        spec = HandlerSpec(
            name="watch", version="1.0", bucket=NoBucket, factory=Watcher, accepts=(PacketBatch,)
        )
        engine.add_tap("t", given_input([packet_batch([cut] * 3)] * 2))
        engine.add_policy("p", "t", [spec])
        engine.run()
        Watcher.seen.extend(engine.streams())
    assert [(s.processed, s.malformed) for s in Watcher.seen] == [(0, 0), (3, 3), (6, 6)]


def test_a_batch_goes_from_queued_to_processed_while_nobody_can_look(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.attach("a")
    runner = bench.engine._runners["t"]
    lock = runner._queue._changed
    count = runner._pipeline.count
    free: list[bool] = []

    def counted(batch: Any) -> None:
        looker = threading.Thread(target=lambda: free.append(lock.acquire(blocking=False)))
        looker.start()
        looker.join()
        count(batch)

    monkeypatch.setattr(runner._pipeline, "count", counted)
    bench.engine.start()
    bench.feed.put(0.0, 0.1)
    bench.feed.wait_until_read()
    bench.engine.stop()
    assert free == [False]
    assert bench.status.unaccounted == 0


def test_evictions_are_asked_for_once_for_each_reading(bench: Any) -> None:
    adder = bench.attach("a")
    asked = []
    adder.evictions = lambda: asked.append(1) or {}
    assert bench.status.problem is None
    assert len(asked) == 1
