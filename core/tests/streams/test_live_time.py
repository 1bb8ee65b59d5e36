"""Live streams: heartbeats, idle periods, and times that are not believed."""

from __future__ import annotations

from typing import Any

from pktvisor.streams import CaptureStatistics, Event

NS = 1_000_000_000


def test_a_heartbeat_comes_each_second_and_carries_what_the_capture_counted(bench: Any) -> None:
    adder = bench.attach("a")
    for received in (5, 6, 9):
        bench.feed.statistics = CaptureStatistics(received, 1)
        bench.feed.idle()
        bench.step()
        bench.clock.advance(0.6)
    beats = [row for row in adder.rows if row.event is Event.HEARTBEAT]
    assert [row.capture.received for row in beats] == [5, 9]


def test_a_heartbeat_comes_under_traffic_too(bench: Any) -> None:
    adder = bench.attach("a")
    for second in range(4):
        bench.feed.put(second, second)
    for _ in range(4):
        bench.step(2)
        bench.clock.advance(1)
    assert sum(row.event is Event.HEARTBEAT for row in adder.rows) == 4


def test_an_idle_handlers_period_shifts_by_the_wall_clock(bench: Any, start_ns: int) -> None:
    adder = bench.attach("a")
    bench.feed.put(0.5)
    bench.step(2)
    for _ in range(3):
        bench.clock.advance(61)
        bench.feed.idle()
        bench.step()
    # The first heartbeat after traffic only notices that it has stopped.
    assert adder.shifts == [start_ns + 61 * NS, start_ns + 122 * NS, start_ns + 183 * NS]
    assert bench.totals("a") == {"a": [0, 0, 0, 1]}


def test_a_busy_handlers_period_shifts_by_its_events_only(bench: Any, start_ns: int) -> None:
    adder = bench.attach("a")
    bench.clock.advance(61)
    bench.feed.put(59.0)
    bench.step(2)
    assert adder.shifts == []
    bench.feed.put(61.0)
    bench.step()
    assert adder.shifts == [start_ns + 61 * NS]


def test_a_clock_set_back_does_not_silence_the_heartbeat(bench: Any) -> None:
    adder = bench.attach("a")
    bench.feed.idle()
    bench.step()
    bench.clock.advance(-3600)
    bench.feed.idle()
    bench.step()
    assert sum(row.event is Event.HEARTBEAT for row in adder.rows) == 2


def test_times_far_from_their_arrival_are_replaced_by_it_and_counted(
    bench: Any, start_ns: int
) -> None:
    adder = bench.attach("a")
    bench.feed.put(0.0, 5.0, 5.1, -120.0, -120.1, 9e8)
    bench.step()
    assert bench.status.times_replaced == 3
    assert adder.shifts == []
    assert bench.totals("a") == {"a": [6]}


def test_a_live_bucket_is_as_long_as_it_has_lasted(bench: Any) -> None:
    bench.attach("a")
    bench.clock.advance(17)
    bucket = bench.engine.snapshot("a").handlers["a"].buckets[0]
    assert (bucket.length, bucket.end_ns) == (17, None)


def test_stopping_seals_the_live_bucket_and_snapshots_stay(bench: Any, start_ns: int) -> None:
    bench.attach("a")
    bench.engine.start()
    bench.feed.put(1.0, 2.0)
    bench.feed.wait_until_read()
    bench.clock.advance(30)
    bench.engine.stop()
    bucket = bench.engine.snapshot("a").handlers["a"].buckets[0]
    assert (bucket.end_ns, bucket.length) == (start_ns + 30 * NS, 30)
    assert bench.totals("a") == {"a": [2]}
    assert bench.status.state == "finished"


def test_every_handler_hears_of_handlers_that_come_and_go(bench: Any) -> None:
    first = bench.attach("a", "x", "y")
    bench.attach("b", "z")
    bench.engine.remove_policy("b")
    told = [(row.event, row.policies, row.handlers) for row in first.rows]
    assert told == [(Event.ATTACHED, 1, 2), (Event.ATTACHED, 2, 3), (Event.DETACHED, 1, 2)]
