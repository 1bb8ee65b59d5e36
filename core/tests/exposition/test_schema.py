"""The JSON schema of a bucket, and that what we show validates against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from jsonschema import Draft7Validator

from pktvisor.exposition.json import bucket_json
from pktvisor.exposition.schema import bucket_schema, families
from pktvisor.metrics import (
    Bucket,
    Counter,
    Directions,
    Histogram,
    MetricSet,
    MetricSettings,
    Quantiles,
    Rate,
    TopN,
)


class Sides(MetricSet):
    packets = Counter("total_packets", "Count of packets", group="counters")


class Various(Bucket):
    schema = "various"
    groups = {"counters": True, "tops": False}

    observed = Counter("observed", "Count of events")
    deep = Counter("layer.deep.total", "Count of what is deep", group="counters")
    ports = TopN("top_ports", "Top ports", label="port", group="tops")
    size = Quantiles("size", "Sizes")
    time = Histogram("time.histogram_us", "Times")
    pps = Rate("rates.pps", "Rate of events")
    sides = Directions(Sides)


def bucket(*groups: str, recorded: bool = True) -> Various:
    return Various(MetricSettings(groups=frozenset(groups), recorded=recorded))


def problems(shown: Any, *groups: str) -> list[str]:
    schema = bucket_schema(Various, frozenset(groups) if groups else None)
    Draft7Validator.check_schema(schema)
    return [error.message for error in Draft7Validator(schema).iter_errors(shown)]


@pytest.mark.parametrize("groups", [("counters",), ("counters", "tops"), ("tops",)])
def test_an_empty_bucket_validates(groups: tuple[str, ...]) -> None:
    assert problems(bucket_json(bucket(*groups)), *groups) == []


def test_a_full_bucket_validates() -> None:
    full = bucket("counters", "tops")
    full.sides[1].packets.add(1)
    full.ports.add_numbers(np.array([53], np.uint16))
    full.size.add(np.array([1, 2]))
    full.time.add(np.array([1, 2]))
    full.pps.add(np.array([1]), np.array([1]))
    assert problems(bucket_json(full), "counters", "tops") == []


def test_a_live_bucket_validates() -> None:
    live = bucket("counters", recorded=False).copy(5_000_000_000)
    assert problems(bucket_json(live), "counters") == []


@pytest.mark.parametrize("key", ["observed", "layer", "period"])
def test_what_is_always_shown_is_required(key: str) -> None:
    shown = bucket_json(bucket("counters"))
    del shown[key]
    assert any(key in message for message in problems(shown, "counters"))


def test_nothing_is_allowed_that_is_not_declared() -> None:
    assert problems({**bucket_json(bucket("counters")), "more": 1}, "counters")


def test_a_metric_of_a_group_that_is_off_is_not_allowed() -> None:
    assert problems({**bucket_json(bucket("counters")), "top_ports": []}, "counters")


def test_without_groups_named_any_group_may_be_off() -> None:
    assert problems(bucket_json(bucket("tops"))) == []
    assert problems(bucket_json(bucket("counters", "tops"))) == []


def test_a_value_of_the_wrong_type_is_refused() -> None:
    assert problems({**bucket_json(bucket("counters")), "observed": "1"}, "counters")


def test_a_metric_of_each_direction_is_one_family() -> None:
    names = [name for name, _ in families(Various)]
    assert names.count("various_total_packets") == 1
    assert "various_layer_deep_total" in names
