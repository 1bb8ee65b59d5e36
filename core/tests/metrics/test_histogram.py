"""Histograms over a fixed series of bounds."""

from __future__ import annotations

import bisect
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.metrics import Histogram, MetricSettings
from pktvisor.metrics.histogram import HistogramState, boundaries

values = st.lists(st.integers(0, 10**16), max_size=50)


def filled(numbers: list[int]) -> HistogramState:
    state = HistogramState("integer")
    state.add(np.array(numbers, np.int64))
    return state


def test_bounds_of_integers_are_those_of_the_original() -> None:
    start = "0 1 2 3 4 5 6 7 8 10 11 12 14 16 18 21 24 27 31 35 40 46 52 59 68 77 87 100 113 129"
    bounds = boundaries("integer")
    assert bounds[:30].tolist() == [int(text) for text in start.split()]
    assert len(bounds) == 315


def test_integers_show_the_bounds_of_filled_ranges_with_running_counts() -> None:
    assert filled([12, 12, 12, 8]).to_json() == {"buckets": {"8": 1, "12": 4, "+Inf": 4}}


def test_reals_show_bounds_with_six_decimals() -> None:
    state = HistogramState("real")
    state.add(np.array([12.00, 12.0001, 1, 8, 12]))
    assert state.buckets() == {"1.000000": 1, "8.799225": 2, "12.915497": 5, "+Inf": 5}


def test_prometheus_gets_buckets_count_and_true_sum() -> None:
    assert filled([12, 12, 1, 8, 12]).samples("") == [
        ("_bucket", {"le": "1"}, 1),
        ("_bucket", {"le": "8"}, 2),
        ("_bucket", {"le": "12"}, 5),
        ("_bucket", {"le": "+Inf"}, 5),
        ("_count", {}, 5),
        ("_sum", {}, 45),
    ]


def test_without_values_nothing_is_shown() -> None:
    state = Histogram("h", "A histogram").new_state(MetricSettings())
    state.add(np.array([], np.int64))
    assert state.to_json() is None
    assert state.samples("") == []


def test_a_value_beyond_the_last_bound_counts_in_infinity_alone() -> None:
    assert filled([2**63 - 1]).buckets() == {"+Inf": 1}


@given(values)
def test_each_value_counts_at_the_first_bound_not_below_it(numbers: list[int]) -> None:
    bounds = boundaries("integer").tolist()
    expected: dict[str, int] = {}
    for number in numbers:
        at = bisect.bisect_left(bounds, number)
        if at < len(bounds):
            bound = bounds[at]
            expected[str(bound)] = sum(other <= bound for other in numbers)
    expected["+Inf"] = len(numbers)
    assert filled(numbers).buckets() == expected


@given(values, values)
def test_a_merge_equals_taking_in_all_values(first: list[int], second: list[int]) -> None:
    merged = filled(first)
    merged.merge_later(filled(second))
    assert merged.samples("") == filled(first + second).samples("")


def test_the_json_holds_plain_numbers() -> None:
    assert json.dumps(filled([3]).to_json()) == '{"buckets": {"3": 1, "+Inf": 1}}'
