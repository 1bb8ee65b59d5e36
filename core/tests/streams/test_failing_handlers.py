"""Handlers that raise: the batch is lost for them alone, and too many errors stop them."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.engine import Limits


def handlers(bench: Any) -> dict[str, Any]:
    return {handler.name: handler for handler in bench.status.handlers}


def degraded(bench: Any, policy: str) -> dict[str, list[bool]]:
    found = bench.engine.snapshot(policy).handlers
    return {name: [bucket.degraded for bucket in h.buckets] for name, h in found.items()}


@pytest.mark.parametrize("where", ["update", "period_shift", "control"])
def test_an_error_is_counted_and_marks_the_bucket_and_the_others_go_on(
    bench: Any, where: str
) -> None:
    bad = bench.attach("a", "bad", "good")
    bad.fail = {where}
    bench.feed.put(0.0)
    bench.feed.put(61.0)
    bench.clock.advance(61)
    bench.step(3)
    bad.fail = set()
    status = handlers(bench)
    assert status["bad"].errors >= 1
    assert status["bad"].last_error == "RuntimeError: broken on purpose"
    assert not status["bad"].stopped
    assert any(degraded(bench, "a")["bad"])
    assert status["good"].errors == 0
    assert degraded(bench, "a")["good"] == [False, False]
    assert bench.totals("a")["good"] == [1, 1]


def test_the_snapshot_says_which_handler_failed(bench: Any) -> None:
    bench.attach("a").fail = {"update"}
    bench.feed.put(0.0)
    bench.step()
    problem = bench.engine.snapshot("a").problem
    assert problem.startswith("handler 'a' failed 1 times")
    assert problem.endswith("broken on purpose")


def test_ten_errors_within_a_minute_stop_a_handler(bench: Any) -> None:
    bad = bench.attach("a", "bad", "good")
    bad.fail = {"update"}
    for _ in range(15):
        bench.feed.put(0.0)
    bench.step(16)
    assert handlers(bench)["bad"].errors == 10
    assert handlers(bench)["bad"].stopped
    assert bench.totals("a")["good"] == [15]


def test_ten_errors_over_a_longer_time_do_not_stop_it(bench: Any) -> None:
    bench.attach("a").fail = {"update"}
    for _ in range(15):
        bench.feed.put(0.0)
        bench.step(2)
        bench.clock.advance(7)
    assert (handlers(bench)["a"].errors, handlers(bench)["a"].stopped) == (15, False)


def test_without_a_limit_nothing_stops_it(request: pytest.FixtureRequest) -> None:
    bench = type(request.getfixturevalue("bench"))(Limits(errors=0))
    bench.attach("a").fail = {"update"}
    for _ in range(30):
        bench.feed.put(0.0)
    bench.step(31)
    assert (handlers(bench)["a"].errors, handlers(bench)["a"].stopped) == (30, False)
    bench.engine.close()


def test_time_in_a_handlers_code_is_measured(bench: Any) -> None:
    bench.attach("a")
    bench.feed.put(0.0)
    bench.step()
    status = handlers(bench)["a"]
    assert status.busy_ns > 0
    assert 0 < status.busy_share <= 1


@pytest.mark.parametrize(
    ("field", "value"), [("queue_bytes", 5), ("errors", -1), ("errors_within_s", 0)]
)
def test_limits_out_of_range_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} {value} is out of range"):
        Limits(**{field: value})
