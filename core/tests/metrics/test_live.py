"""Length and live rates of a period that is still running."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import Bucket, Counter, MetricSettings, Rate

NS = 1_000_000_000


class Paced(Bucket):
    schema = "paced"
    groups = {"counters": True}

    pps = Rate("rates.pps", "Rate of packets")
    total = Counter("total", "Count of packets", group="counters")


def paced(counts: dict[int, int], *, recorded: bool = False, start: int = 100) -> Paced:
    bucket = Paced(MetricSettings(groups=Paced.default_groups(), recorded=recorded), start * NS)
    bucket.pps.add(np.array(list(counts)), np.array(list(counts.values())))
    return bucket


def pps(bucket: Paced) -> Any:
    return bucket_json(bucket).get("rates", {}).get("pps")


def test_a_live_period_is_as_long_as_from_its_start_to_now() -> None:
    assert paced({}).copy(130 * NS).length == 30


def test_a_recorded_period_has_no_length_before_its_end() -> None:
    assert paced({}, recorded=True).copy(130 * NS).length == 0


def test_the_live_value_is_what_the_last_whole_second_saw() -> None:
    assert pps(paced({100: 3, 101: 5, 102: 1}).copy(102 * NS + 1))["live"] == 5


def test_the_second_that_is_not_over_is_in_no_quantile() -> None:
    shown = pps(paced({100: 5, 101: 5, 102: 1}).copy(102 * NS + 1))
    assert shown == {"p50": 5, "p90": 5, "p95": 5, "p99": 5, "live": 5}


def test_idle_seconds_up_to_now_are_zeros() -> None:
    shown = pps(paced({100: 5}).copy(110 * NS))
    assert shown == {"p50": 0, "p90": 0, "p95": 5, "p99": 5, "live": 0}


def test_before_the_first_second_is_over_there_is_only_the_live_value() -> None:
    assert pps(paced({100: 5}).copy(100 * NS + 5)) == {"live": 0}


def test_a_recorded_stream_has_no_live_value() -> None:
    assert "live" not in pps(paced({100: 5}, recorded=True).copy(110 * NS))


def test_a_sealed_period_has_no_live_value() -> None:
    bucket = paced({100: 5})
    bucket.seal(160 * NS)
    assert "live" not in pps(bucket.copy(170 * NS))


def test_a_copy_leaves_the_running_second_in_the_bucket() -> None:
    bucket = paced({100: 5, 101: 7})
    bucket.copy(101 * NS)
    assert bucket.pps.total == 12


def test_a_window_with_the_live_period_lasts_until_now_and_has_its_live_value() -> None:
    sealed, live = paced({100: 5}), paced({161: 9}, start=160)
    sealed.seal(160 * NS)
    window = Paced.merged([live.copy(162 * NS), sealed])
    assert window.length == 62
    assert pps(window)["live"] == 9


def test_live_values_of_parallel_traffic_add() -> None:
    first, second = (paced({100: n}).copy(101 * NS) for n in (3, 4))
    assert pps(Paced.merged([first, second], parallel=True))["live"] == 7


def test_a_bucket_whose_groups_are_all_off_shows_nothing() -> None:
    bucket = paced({100: 5}).with_settings(MetricSettings())
    assert bucket_json(bucket) == {}


def test_a_bucket_without_groups_always_shows() -> None:
    class Plain(Bucket):
        schema = "plain"
        total = Counter("total", "Count of events")

    assert bucket_json(Plain(MetricSettings()))["total"] == 0
