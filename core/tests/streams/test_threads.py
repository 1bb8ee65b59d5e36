"""Threads: the bounded queue, the loss ledger, and changes while a stream runs."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pktvisor.engine import Limits
from pktvisor.engine.runner import Busy
from pktvisor.streams import HandlerSpec, InputSpec

from .conftest import Adder, FakeLive, Feed, TickBucket, Ticks


def balanced(status: Any) -> bool:
    kept = status.queued + status.queue_drops + status.processed
    return bool(status.kernel_received == status.kernel_drops + kept)


def test_a_full_queue_drops_whole_batches_and_counts_their_rows(
    request: pytest.FixtureRequest,
) -> None:
    bench = type(request.getfixturevalue("bench"))(Limits(queue_bytes=1 << 20))
    adder = bench.attach("a")
    adder.gate = threading.Event()
    bench.engine.start()
    bench.feed.put(0.0)
    assert adder.entered.wait(10)
    rows = [0.0] * 65_536  # half a mebibyte of times
    for _ in range(4):
        bench.feed.put(*rows)
    bench.feed.wait_until_read()
    status = bench.status
    # One row is being worked on; one big batch fits beside it, the next would exceed the bound.
    assert (status.processed, status.queued, status.queue_drops) == (0, 1 + 65_536, 3 * 65_536)
    assert balanced(status)
    assert status.queued_bytes <= status.queue_limit_bytes
    adder.gate.set()
    bench.engine.stop()
    assert bench.status.queued == 0
    assert bench.status.queued_bytes == 0
    assert balanced(bench.status)
    assert bench.totals("a") == {"a": [1 + 65_536]}
    bench.engine.close()


def test_a_snapshot_does_not_wait_for_what_is_queued(bench: Any) -> None:
    adder = bench.attach("a")
    adder.gate = threading.Event()
    bench.engine.start()
    for _ in range(3):
        bench.feed.put(0.0)
    bench.feed.wait_until_read()
    assert adder.entered.wait(10)
    found: list[Any] = []
    asked = threading.Thread(target=lambda: found.append(bench.totals("a")))
    asked.start()
    while not bench.engine._runners["t"]._queue._commands:  # until the question is in the queue
        pass
    adder.gate.set()
    asked.join(10)
    assert found == [{"a": [1]}]


def test_stopping_counts_what_was_read(bench: Any) -> None:
    bench.attach("a")
    bench.engine.start()
    for _ in range(50):
        bench.feed.put(0.0, 0.1, 0.2)
    bench.feed.wait_until_read()
    bench.engine.stop()
    assert bench.totals("a") == {"a": [150]}
    assert balanced(bench.status)


def test_stopping_gives_up_on_a_handler_that_hangs_and_counts_what_it_left(bench: Any) -> None:
    adder = bench.attach("a")
    adder.gate = threading.Event()
    bench.engine.start()
    bench.feed.put(0.0)
    assert adder.entered.wait(10)
    bench.feed.put(0.0, 0.0)
    bench.feed.wait_until_read()
    runner = bench.engine._runners["t"]
    assert not runner.stop(patience_s=0.01)
    assert bench.status.queue_drops == 2
    adder.gate.set()
    runner.join()
    assert runner.stop()
    assert balanced(bench.status)


def test_a_policy_added_and_removed_leaves_the_other_alone(bench: Any) -> None:
    bench.attach("a")
    bench.engine.start()
    for number in range(20):
        bench.feed.put(0.0)
        bench.attach("b")
        bench.feed.put(0.0)
        bench.engine.remove_policy("b")
        assert bench.status.state == "running", number
    bench.feed.wait_until_read()
    bench.engine.stop()
    assert bench.totals("a") == {"a": [40]}


def test_a_stream_that_fails_says_so_and_can_still_be_asked(bench: Any) -> None:
    bench.attach("a")
    bench.feed.put(0.0)
    bench.feed.fail(OSError("the interface went away"))
    bench.engine.start()
    with pytest.raises(OSError, match="went away"):
        bench.engine.join()
    assert (bench.status.state, bench.status.problem) == (
        "failed",
        "OSError: the interface went away",
    )
    assert bench.totals("a") == {"a": [1]}


def test_a_batch_on_which_a_stage_fails_is_lost_and_the_stream_goes_on(
    bench: Any,
) -> None:
    bench.attach("a")
    bench.feed.put(0.0)
    bench.feed.put(0.0, 0.0)
    pipeline = bench.engine._runners["t"]._pipeline
    attachment = pipeline.attachments[0]
    feed = attachment.feed

    def fail_once(batch: Any) -> None:
        attachment.feed = feed
        raise RuntimeError("broken on purpose")

    attachment.feed = fail_once
    bench.engine.start()
    bench.feed.wait_until_read()
    bench.engine.stop()
    assert bench.totals("a") == {"a": [2]}
    status = bench.status
    assert (status.state, status.batches_failed, status.processed) == ("finished", 1, 3)
    assert status.problem == "1 batches were lost: RuntimeError: broken on purpose"
    assert bench.engine.snapshot("a").handlers["a"].buckets[0].degraded
    assert balanced(status)


def test_a_tap_in_use_is_not_removed(bench: Any) -> None:
    bench.attach("a")
    with pytest.raises(ValueError, match="in use by policy a"):
        bench.engine.remove_tap("t")
    bench.feed.end()
    bench.engine.remove_policy("a")
    bench.engine.remove_tap("t")
    assert bench.engine.streams() == []


def test_of_two_streams_one_of_which_is_busy_neither_is_changed(request: Any) -> None:
    bench = type(request.getfixturevalue("bench"))(Limits())
    stuck = bench.attach("a")
    stuck.gate = threading.Event()
    other = type("Other", (FakeLive,), {"feed": Feed()})
    bench.engine.add_tap("u", InputSpec(name="other", version="1.0", factory=other, emits=Ticks))
    spec = HandlerSpec(
        name="b",
        version="1.0",
        bucket=TickBucket,
        factory=Adder,
        accepts=(Ticks,),
    )
    bench.engine.add_policy("b", "u", [spec])
    bench.engine.start()
    bench.feed.put(0.0)
    assert stuck.entered.wait(10)
    bench.engine.limits = Limits(answer_s=0.01)
    for removed in (("a", "b"), ("b", "a")):
        with pytest.raises(Busy, match="stream t: its handlers are busy with one batch"):
            bench.engine.exchange(removed, ())
    consumers = [bench.engine.runner(tap).consumers for tap in ("t", "u")]
    assert consumers == [1, 1]
    assert bench.engine.snapshot("b").handlers["b"].buckets  # it goes on
    bench.engine.limits = Limits()
    stuck.gate.set()
    bench.engine.close()


def test_a_stream_is_held_between_two_batches_and_then_goes_on(bench: Any) -> None:
    bench.attach("a")
    bench.engine.start()
    runner = bench.engine.runner("t")
    with runner.held(10):
        bench.feed.put(0.0)
        bench.feed.wait_until_read()
        assert (bench.status.queued, bench.status.processed) == (1, 0)
        assert bench.totals("a") == {"a": [0]}
    bench.engine.stop()
    assert bench.totals("a") == {"a": [1]}


def test_an_end_that_comes_while_a_stream_is_held_waits(bench: Any) -> None:
    bench.attach("a")
    bench.engine.start()
    with bench.engine.runner("t").held(10):
        bench.feed.put(0.0)
        bench.feed.end()
    bench.engine.join()
    with bench.engine.runner("t").held(10):
        assert bench.totals("a") == {"a": [1]}
