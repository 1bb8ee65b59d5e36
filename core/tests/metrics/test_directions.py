"""Metrics held once for each direction."""

from __future__ import annotations

import numpy as np
import pytest

from pktvisor.exposition.json import bucket_json
from pktvisor.exposition.prometheus import prometheus_text
from pktvisor.metrics import Bucket, Counter, Directions, MetricSet, MetricSettings, Rate

UNKNOWN, IN, OUT = 0, 1, 2


class Sides(MetricSet):
    packets = Counter("total_packets", "Count of packets", group="counters")
    pps = Rate("rates.pps", "Rate of packets", group="quantiles")


class Sided(Bucket):
    schema = "sided"
    groups = {"counters": True, "quantiles": True}

    observed = Counter("observed", "Count of all packets")
    sides = Directions(Sides)


ALL = MetricSettings(groups=Sided.default_groups())


def counted(**packets: int) -> Sided:
    bucket = Sided(ALL)
    for code, name in ((IN, "incoming"), (OUT, "outgoing"), (UNKNOWN, "unknown")):
        if name in packets:
            bucket.sides[code].packets.add(packets[name])
    return bucket


def shown(bucket: Bucket) -> dict[str, object]:
    values = bucket_json(bucket)
    del values["period"]
    return values


def test_a_direction_has_its_object_only_once_it_was_seen() -> None:
    assert shown(counted(incoming=5)) == {"observed": 0, "in": {"total_packets": 5}}


def test_a_direction_that_was_seen_shows_zeros_too() -> None:
    assert shown(counted(unknown=0))["unknown"] == {"total_packets": 0}


def test_prometheus_has_one_family_with_the_direction_as_label() -> None:
    text = prometheus_text([(counted(incoming=5, outgoing=7), {"policy": "p"})])
    assert text.count("# TYPE sided_total_packets gauge") == 1
    assert 'sided_total_packets{direction="in",policy="p"} 5.0' in text
    assert 'sided_total_packets{direction="out",policy="p"} 7.0' in text
    assert 'direction="unknown"' not in text


@pytest.mark.parametrize("parallel", [False, True])
def test_a_merge_has_the_directions_of_both_sides(parallel: bool) -> None:
    merged = Sided.merged([counted(incoming=5), counted(incoming=1, outgoing=7)], parallel=parallel)
    assert shown(merged) == {
        "observed": 0,
        "in": {"total_packets": 6},
        "out": {"total_packets": 7},
    }


def test_a_merge_leaves_its_parts_as_they_were() -> None:
    first, second = counted(incoming=5), counted(outgoing=7)
    Sided.merged([first, second])
    assert shown(first) == {"observed": 0, "in": {"total_packets": 5}}


def test_a_group_that_is_off_hides_its_metrics_in_every_direction() -> None:
    bucket = counted(incoming=5)
    assert shown(bucket.with_settings(MetricSettings(groups=frozenset({"quantiles"})))) == {
        "observed": 0
    }


def test_rates_of_a_direction_span_the_whole_period() -> None:
    bucket = Sided(ALL, 10_000_000_000)
    bucket.sides[IN].pps.add(np.array([12]), np.array([9]))
    bucket.seal(19_000_000_000)
    assert bucket_json(bucket)["in"]["rates"]["pps"] == {"p50": 0, "p90": 0, "p95": 9, "p99": 9}


def test_in_a_merge_a_direction_was_idle_in_the_periods_that_did_not_see_it() -> None:
    earlier, later = Sided(ALL, 10_000_000_000), Sided(ALL, 13_000_000_000)
    earlier.sides[IN].pps.add(np.array([11]), np.array([9]))
    earlier.seal(13_000_000_000)
    later.seal(22_000_000_000)
    window = bucket_json(Sided.merged([later, earlier]))
    assert window["in"]["rates"]["pps"] == {"p50": 0, "p90": 0, "p95": 9, "p99": 9}


def test_a_direction_that_does_not_exist_is_refused() -> None:
    with pytest.raises(IndexError, match="direction 3; allowed are 0 unknown, 1 in, 2 out"):
        Sided(ALL).sides[3]


def test_a_metric_may_not_sit_where_a_direction_has_its_object() -> None:
    with pytest.raises(TypeError, match="share the path 'in'"):

        class Clash(Bucket):
            schema = "clash"
            groups = {"counters": True, "quantiles": True}
            total_in = Counter("in", "Count of incoming packets")
            sides = Directions(Sides)


def test_a_group_the_bucket_does_not_declare_is_refused() -> None:
    with pytest.raises(TypeError, match=r"'in\.rates\.pps' has the unknown group 'quantiles'"):

        class Lacking(Bucket):
            schema = "lacking"
            groups = {"counters": True}
            sides = Directions(Sides)
