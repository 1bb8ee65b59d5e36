"""The loss ledger balances exactly at any rate, and what is slow or comes and goes hurts nobody."""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pktvisor import Bucket, Counter, Engine, HandlerSpec, PacketBatch, StreamHandler
from pktvisor.engine import Limits
from tests.e2e.lab import Lab, at_rest, blasted, needs_lab, replayed, rss_bytes

pytestmark = [pytest.mark.slow, needs_lab]


class CountBucket(Bucket):
    schema = "counted"
    total = Counter("total", help="Packets")


@dataclass(frozen=True)
class Pace:
    seconds: float = 0.0


class Slow(StreamHandler[PacketBatch, CountBucket]):
    """Takes its time over each batch."""

    def update(self, batch: PacketBatch, bucket: CountBucket) -> None:
        time.sleep(self.config.seconds)
        bucket.total.add(len(batch))


COUNT = HandlerSpec(
    name="count",
    version="1.0",
    config=Pace,
    bucket=CountBucket,
    factory=Slow,
    accepts=(PacketBatch,),
)


class Bad(StreamHandler[PacketBatch, CountBucket]):
    """Raises on every third batch."""

    seen = 0

    def update(self, batch: PacketBatch, bucket: CountBucket) -> None:
        self.seen += 1
        if self.seen % 3 == 0:
            raise RuntimeError("broken on purpose")


BAD = HandlerSpec(
    name="bad", version="1.0", bucket=CountBucket, factory=Bad, accepts=(PacketBatch,)
)


def total(engine: Engine, policy: str) -> int:
    return sum(
        bucket.states["total"].value  # type: ignore[attr-defined]
        for bucket in engine.snapshot(policy).handlers["count"].buckets
    )


def ledger(status: Any) -> str:
    return (
        f"kernel received {status.kernel_received} = kernel drops {status.kernel_drops}"
        f" + queued {status.queued} + queue drops {status.queue_drops}"
        f" + processed {status.processed}; interface drops {status.interface_drops}"
    )


def test_at_the_fastest_rate_of_the_sender_the_ledger_balances(
    lab: Lab, source: str, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Engine() as engine:
        engine.add_tap("t", "pcap", {"iface": lab.near, "pcap_source": source})
        engine.add_policy("p", "t", ["net", "dns"])
        engine.start()
        before = resource.getrusage(resource.RUSAGE_SELF)
        sent, rate = blasted(lab, mixed, 250)
        status = at_rest(engine)
        after = resource.getrusage(resource.RUSAGE_SELF)
        engine.stop()
        (status,) = engine.streams()  # with what the interface has dropped by now
    cpu_s = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    with capsys.disabled():
        print(
            f"\n{source}: {sent} packets sent at {rate:,.0f}/s; {ledger(status)};"
            f" {1e9 * cpu_s / max(status.processed, 1):.0f} ns CPU a packet,"
            f" {status.processed / cpu_s:,.0f} packets a CPU second"
        )
    assert status.unaccounted == 0
    # An interface also counts as dropped what the capture has seen but nobody else wanted.
    assert status.kernel_received <= sent <= status.kernel_received + status.interface_drops
    assert status.processed > 0


def test_what_found_the_capture_buffer_full_is_counted_exactly(
    lab: Lab, source: str, mixed: Path
) -> None:
    with Engine() as engine:
        tap = {"iface": lab.near, "pcap_source": source, "ring_bytes": 1 << 20}
        engine.add_tap("t", "pcap", tap)
        engine.add_policy("p", "t", [COUNT])
        sent, _ = lab.replay(mixed, "--topspeed", "-K")  # nobody reads yet
        engine.start()
        status = at_rest(engine)
        assert status.kernel_drops > 0
        assert (status.kernel_received, status.unaccounted) == (sent, 0)
        assert total(engine, "p") == status.processed == sent - status.kernel_drops


@pytest.mark.parametrize("limit", [0, 10])
def test_a_handler_that_raises_costs_nobody_else_a_packet(
    lab: Lab, source: str, mixed: Path, limit: int
) -> None:
    with Engine(limits=Limits(errors=limit)) as engine:
        engine.add_tap("t", "pcap", {"iface": lab.near, "pcap_source": source})
        engine.add_policy("p", "t", [COUNT, BAD])
        engine.start()
        sent, _ = lab.replay(mixed, "--pps", "20000")
        status = at_rest(engine)
        bad = next(handler for handler in status.handlers if handler.name == "bad")
        assert (status.processed, total(engine, "p")) == (sent, sent)
        assert bad.stopped == bool(limit)
        assert bad.errors == limit if limit else bad.errors > 0
        assert engine.snapshot("p").handlers["bad"].buckets[0].degraded


def test_a_slow_handler_costs_counted_drops_and_no_memory(
    lab: Lab, source: str, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = Limits(queue_bytes=8 << 20)
    with Engine(limits=limits) as engine:
        engine.add_tap("t", "pcap", {"iface": lab.near, "pcap_source": source})
        engine.add_policy("p", "t", [(COUNT, {"seconds": 0.25})])
        engine.start()
        lab.replay(mixed, "--topspeed", "-K")  # memory that is touched once stays
        at_rest(engine)
        memory = rss_bytes()
        asked: list[float] = []
        sender = lab.spawn(
            "tcpreplay", "-i", lab.far, "--topspeed", "-K", "--loop", "5", str(mixed)
        )
        while sender.poll() is None:
            began = time.monotonic()
            engine.snapshot("p")
            asked.append(time.monotonic() - began)
            time.sleep(0.05)
        replayed(sender)
        status = at_rest(engine)
        grown = rss_bytes() - memory
        with capsys.disabled():
            print(
                f"\n{source}: {ledger(status)}; memory grew by {grown >> 10} KiB;"
                f" a snapshot took {max(asked, default=0):.3f} s at most"
            )
        assert status.queue_drops > 0
        assert status.unaccounted == 0
        assert total(engine, "p") == status.processed
        assert grown < 32 << 20


def test_a_thousand_policies_come_and_go_and_another_loses_nothing(
    lab: Lab, source: str, mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Engine() as engine:
        engine.add_tap("t", "pcap", {"iface": lab.near, "pcap_source": source})
        engine.add_policy("kept", "t", [COUNT])
        engine.start()
        sender = lab.spawn(
            "tcpreplay",
            "-i",
            lab.far,
            "--pps",
            "5000",
            "--loop",
            "0",
            "--duration",
            "12",
            str(mixed),
        )

        def cycle(times: int) -> None:
            for _ in range(times):
                engine.add_policy("passing", "t", ["net", "dns"])
                engine.remove_policy("passing")

        cycle(100)
        threads, files, memory = threading.active_count(), descriptors(), rss_bytes()
        began = time.monotonic()
        cycle(1000)
        took = time.monotonic() - began
        grown = rss_bytes() - memory
        assert (threading.active_count(), descriptors()) == (threads, files)
        busy = engine.streams()[0].processed
        replayed(sender)
        status = at_rest(engine)
        with capsys.disabled():
            print(
                f"\n{source}: 1000 cycles in {took:.1f} s while {busy} packets came;"
                f" {ledger(status)}; memory grew by {grown >> 10} KiB"
            )
        assert total(engine, "kept") == status.processed
        assert (status.kernel_drops, status.queue_drops, status.unaccounted) == (0, 0, 0)
        assert grown < 16 << 20


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
