"""A minute of live traffic beside a plugin that raises: nobody else loses a packet."""

from __future__ import annotations

from pathlib import Path

import pytest

from pktvisor import Bucket, Counter, Engine, HandlerSpec, PacketBatch, StreamHandler
from pktvisor.engine import Limits
from pktvisor.streams import HandlerStatus, StreamStatus
from tests.e2e.lab import Lab, at_rest, needs_lab

pytestmark = [pytest.mark.slow, needs_lab]

MINUTE_S = 60
RATE = 2000
EVERY = 10


class CountBucket(Bucket):
    schema = "counted"
    total = Counter("total", help="Packets")
    batches = Counter("batches", help="Batches")


class Count(StreamHandler[PacketBatch, CountBucket]):
    """Counts, and never fails."""

    def update(self, batch: PacketBatch, bucket: CountBucket) -> None:
        bucket.total.add(len(batch))
        bucket.batches.add(1)


class Raises(Count):
    """Raises in every tenth batch."""

    seen = 0

    def update(self, batch: PacketBatch, bucket: CountBucket) -> None:
        self.seen += 1
        if self.seen % EVERY == 0:
            raise RuntimeError("broken on purpose")
        super().update(batch, bucket)


def spec(handler: type[Count]) -> HandlerSpec:
    return HandlerSpec(
        name=handler.__name__.lower(),
        version="1.0",
        bucket=CountBucket,
        factory=handler,
        accepts=(PacketBatch,),
    )


def counted(engine: Engine, handler: str, metric: str = "total") -> int:
    """A counter of a handler over all periods."""
    buckets = engine.snapshot("p").handlers[handler].buckets
    return sum(bucket.states[metric].to_json() for bucket in buckets)  # type: ignore[attr-defined]


def a_minute(engine: Engine, lab: Lab, capture: Path) -> tuple[int, StreamStatus]:
    """Packets sent at a bounded rate for a minute, and the ledger once they are worked off."""
    engine.add_tap("t", "pcap", {"iface": lab.near})
    engine.add_policy("p", "t", ["net", "dns", spec(Count), spec(Raises)])
    engine.start()
    sent, _ = lab.replay(
        capture, "--pps", str(RATE), "--limit", str(RATE * MINUTE_S), "--loop", "2"
    )
    return sent, at_rest(engine)


def nobody_else_lost_anything(engine: Engine, sent: int, status: StreamStatus) -> None:
    assert (status.kernel_received, status.processed) == (sent, sent)
    assert (status.kernel_drops, status.queue_drops, status.unaccounted) == (0, 0, 0)
    assert counted(engine, "count") == sent
    assert counted(engine, "net", "events") == sent
    for handler in status.handlers:
        assert handler.name == "raises" or (handler.errors == 0 and not handler.stopped)


def raising(status: StreamStatus) -> HandlerStatus:
    (found,) = [handler for handler in status.handlers if handler.name == "raises"]
    return found


def test_without_a_limit_it_goes_on_and_loses_its_own_batches_only(
    lab: Lab, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Engine(limits=Limits(errors=0)) as engine:
        sent, status = a_minute(engine, lab, mixed)
        found = raising(status)
        batches = counted(engine, "count", "batches")
        with capsys.disabled():
            print(
                f"\n{sent} packets in {batches} batches: {found.errors} raised,"
                f" {sent - counted(engine, 'raises')} packets lost to it alone"
            )
        nobody_else_lost_anything(engine, sent, status)
        assert not found.stopped
        assert found.errors == batches // EVERY
        assert counted(engine, "raises", "batches") == batches - found.errors
        first_minute = engine.snapshot("p").handlers["raises"].buckets[-1]
        assert first_minute.degraded


def test_with_the_limit_it_is_stopped_and_the_others_go_on(
    lab: Lab, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Engine(limits=Limits(errors=10, errors_within_s=60)) as engine:
        sent, status = a_minute(engine, lab, mixed)
        found = raising(status)
        with capsys.disabled():
            print(f"\n{sent} packets: stopped after {found.errors} errors, {found.last_error}")
        nobody_else_lost_anything(engine, sent, status)
        assert (found.stopped, found.errors) == (True, 10)
        assert counted(engine, "raises", "batches") == 10 * (EVERY - 1)
