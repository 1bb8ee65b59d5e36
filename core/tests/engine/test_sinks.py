"""Sinks get every sealed bucket once; a slow or broken one costs nobody else anything."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from core.tests.engine.counting import COUNT, CountBucket

from pktvisor import (
    Engine,
    Plugins,
    PolicySettings,
    SealedBucket,
    Sink,
    SinkSpec,
)
from pktvisor.engine.settings import SinkPlan
from pktvisor.engine.sinks import WAITING, RunningSink, Sinks
from pktvisor.metrics import MetricSettings
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.streams import given_input


@dataclass(frozen=True)
class Prefix:
    word: str = ""


class Memory(Sink):
    """Remembers what it was given."""

    written: list[SealedBucket]

    def __init__(self, config: Prefix) -> None:
        super().__init__(config)
        Memory.written = []

    def write(self, sealed: SealedBucket) -> None:
        Memory.written.append(sealed)


class Broken(Sink):
    def write(self, sealed: SealedBucket) -> None:
        raise OSError("disk full")


class Stuck(Sink):
    """Does not come back from its first bucket until it is let go."""

    entered = threading.Event()
    let_go = threading.Event()
    ended = threading.Event()

    def __init__(self, config: Prefix) -> None:
        super().__init__(config)
        for event in (Stuck.entered, Stuck.let_go, Stuck.ended):
            event.clear()

    def write(self, sealed: SealedBucket) -> None:
        self.entered.set()
        self.let_go.wait(10)

    def close(self) -> None:
        self.ended.set()


def _spec(kind: type[Sink]) -> SinkSpec:
    return SinkSpec(name=kind.__name__.lower(), version="1.0", config=Prefix, factory=kind)


def _sealed() -> SealedBucket:
    return SealedBucket("p", "h", "1.0", CountBucket(MetricSettings()))


def _two_minutes(engine: Engine) -> None:
    frames = [(START_NS, bytes(60)), (START_NS + 70 * 10**9, bytes(60))]
    engine.add_tap("given", given_input([packet_batch(frames)]))
    engine.add_policy("p", "given", [COUNT], PolicySettings(periods=5))
    engine.run()


def test_every_sealed_bucket_is_written_once_the_last_one_too() -> None:
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_sink("memory", _spec(Memory))
        _two_minutes(engine)
    assert [(s.policy, s.handler) for s in Memory.written] == [("p", "count")] * 2
    assert [s.bucket.states["packets"].value for s in Memory.written] == [1, 1]


def test_a_sink_that_raises_is_counted_and_the_handler_never_notices() -> None:
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_sink("broken", _spec(Broken))
        _two_minutes(engine)
        assert engine.snapshot("p").handlers["count"].buckets[0].states["packets"].value == 1
        engine.remove_sink("broken")
        assert engine.sinks() == []


def test_what_comes_while_a_sink_is_stuck_is_dropped_and_counted() -> None:
    sinks = Sinks()
    sinks.add("stuck", _spec(Stuck), {})
    sinks.offer(_sealed())
    assert Stuck.entered.wait(10)
    for _ in range(WAITING + 5):
        sinks.offer(_sealed())
    (status,) = sinks.status()
    assert (status.offered, status.dropped, status.waiting) == (WAITING + 6, 5, WAITING)
    Stuck.let_go.set()
    sinks.close()


def test_what_comes_after_a_sink_was_closed_is_dropped_and_starts_no_thread() -> None:
    running = RunningSink(SinkPlan("memory", _spec(Memory), Prefix()))
    running.close()
    running.offer(_sealed())
    status = running.status()
    assert (status.offered, status.dropped, status.waiting) == (1, 1, 0)
    assert Memory.written == []
    assert not [thread for thread in threading.enumerate() if thread.name == "sink-memory"]


@pytest.mark.parametrize("waiting", [3, WAITING])
def test_a_sink_that_was_left_behind_ends_when_it_returns_and_all_is_counted(waiting: int) -> None:
    running = RunningSink(SinkPlan("stuck", _spec(Stuck), Prefix()))
    running.offer(_sealed())
    assert Stuck.entered.wait(10)
    for _ in range(waiting):
        running.offer(_sealed())
    running.close(patience_s=0.01)
    running.offer(_sealed())
    Stuck.let_go.set()
    assert Stuck.ended.wait(10)
    status = running.status()
    assert (status.offered, status.written, status.dropped) == (waiting + 2, 1, waiting + 1)
    assert status.waiting == 0


def test_an_unknown_setting_of_a_sink_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"sink 'memory': unknown key 'wrod'; allowed are word"):
        Sinks().add("memory", _spec(Memory), {"wrod": "x"})


def test_a_sink_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match="no sink 'x'; there are: none"):
        Sinks().remove("x")


class Exits(Sink):
    """Ends the program at its first bucket, or so it thinks."""

    def write(self, sealed: SealedBucket) -> None:
        raise SystemExit(3)


def test_a_sink_that_exits_is_counted_and_gets_the_next_bucket_too() -> None:
    running = RunningSink(SinkPlan("exits", _spec(Exits), Prefix()))
    running.offer(_sealed())
    running.offer(_sealed())
    running.close()
    status = running.status()
    assert (status.errors, status.waiting, status.last_error) == (2, 0, "SystemExit: 3")


class Clinging(Sink):
    """Does not return from being closed until it is let go."""

    let_go = threading.Event()

    def write(self, sealed: SealedBucket) -> None:
        raise AssertionError

    def close(self) -> None:
        self.let_go.wait(60)


def test_a_sink_that_never_got_a_bucket_and_hangs_at_its_end_is_left_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = RunningSink(SinkPlan("clinging", _spec(Clinging), Prefix()))
    running.close(patience_s=0.01)
    assert "sink clinging does not return; left behind" in caplog.text
    Clinging.let_go.set()
