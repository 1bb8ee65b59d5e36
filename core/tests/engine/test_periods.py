"""Periods follow event time, in the order in which rows arrive."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.batches import Array, Column, Table
from pktvisor.engine import Engine, PolicySettings
from pktvisor.metrics import Bucket, Counter
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, StreamHandler
from pktvisor_sdk.streams import given_input

NS = 1_000_000_000
START = 1_700_000_000 * NS


class Ticks(Table):
    timestamp_ns = Column(np.int64, "ns", "time")


class TickBucket(Bucket):
    schema = "ticks"
    total = Counter("total", "Rows seen")


class Teller(StreamHandler[Ticks, TickBucket]):
    """Counts rows, and notes which times met in one call and when periods shifted."""

    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        self.seen: list[list[int]] = []
        self.shifts: list[tuple[int, int, int]] = []

    def update(self, batch: Ticks, bucket: TickBucket) -> Array | None:
        bucket.total.add(len(batch))
        self.seen.append(batch.timestamp_ns.tolist())
        return None

    def period_shift(self, sealed: TickBucket, live: TickBucket, at_ns: int) -> None:
        self.shifts.append((sealed.total.value, live.total.value, at_ns))


def run(batches: list[list[float]], periods: int) -> tuple[list[tuple[int, ...]], Teller]:
    """Start (s), length (s) and rows of the buckets kept, newest first, and the handler."""
    tellers: list[Teller] = []

    def make(config: Any, context: Any) -> Teller:
        tellers.append(Teller(config, context))
        return tellers[0]

    spec = HandlerSpec(
        name="teller",
        version="1.0",
        bucket=TickBucket,
        factory=make,
        accepts=(Ticks,),
    )
    tables = [
        Ticks(
            len(times), {"timestamp_ns": np.array([START + int(t * NS) for t in times], np.int64)}
        )
        for times in batches
    ]
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_tap("t", given_input(tables, Ticks))
        engine.add_policy("p", "t", [spec], PolicySettings(periods=periods))
        engine.run()
        kept: Any = engine.snapshot("p").handlers["teller"].buckets
    found = [((b.start_ns - START) // NS, b.length, b.total.value) for b in kept]
    return found, tellers[0]


def run_oracle(times: list[int], periods: int) -> list[tuple[int, ...]]:
    """Oracle: one row after the other."""
    buckets: list[list[int]] = []
    shift = -1
    for at in times:
        if not buckets or (periods > 1 and at >= shift):
            if buckets:
                buckets[0][1] = max(at - buckets[0][0], 0)
            buckets.insert(0, [at, 0, 0])
            shift = at + 60
        buckets[0][2] += 1
    buckets[0][1] = max(times[-1] - buckets[0][0], 0)
    return [tuple(bucket) for bucket in buckets[:periods]]


@given(
    steps=st.lists(st.integers(-30, 40) | st.integers(50, 200), min_size=1, max_size=30),
    cuts=st.lists(st.integers(1, 29), max_size=5),
    periods=st.integers(1, 10),
)
def test_buckets_are_those_of_a_loop_over_rows(
    steps: list[int], cuts: list[int], periods: int
) -> None:
    times = np.cumsum(steps).tolist()
    places = sorted({0, len(times), *(cut for cut in cuts if cut < len(times))})
    batches = [times[a:b] for a, b in pairwise(places)]
    found, teller = run(batches, periods)
    assert found == run_oracle(times, periods)
    assert [at for seen in teller.seen for at in seen] == [START + at * NS for at in times]


def test_the_first_row_in_arrival_order_at_the_next_shift_opens_a_period() -> None:
    """The row before it is of the old period, though a later row is still older."""
    found, _ = run([[0, 59.9, 60, 30]], periods=5)
    assert found == [(60, 0, 2), (0, 60, 2)]


def test_a_late_row_stays_in_the_live_bucket() -> None:
    found, _ = run([[0, 70], [5, 6]], periods=5)
    assert [rows for _, _, rows in found] == [3, 1]


def test_a_long_gap_makes_one_long_bucket() -> None:
    found, _ = run([[0, 1, 1000]], periods=5)
    assert found == [(1000, 0, 1), (0, 1000, 2)]


def test_one_period_never_shifts() -> None:
    found, teller = run([[0, 100], [1000]], periods=1)
    assert found == [(0, 1000, 3)]
    assert teller.shifts == []


def test_only_the_last_periods_are_kept() -> None:
    found, _ = run([[0, 60, 120, 180]], periods=2)
    assert [start for start, _, _ in found] == [180, 120]


def test_a_handler_is_told_of_a_shift_between_the_rows_of_both_periods() -> None:
    _, teller = run([[0, 1, 61, 62, 63]], periods=3)
    assert teller.shifts == [(2, 0, START + 61 * NS)]
    assert [len(seen) for seen in teller.seen] == [2, 3]


@pytest.mark.parametrize("periods", [0, 11])
def test_more_or_fewer_periods_than_allowed_are_refused(periods: int) -> None:
    with pytest.raises(ValueError, match="allowed is 1 to 10"):
        PolicySettings(periods=periods)
