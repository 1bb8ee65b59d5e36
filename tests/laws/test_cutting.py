"""Where a stream is cut into batches changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.streams import HandlerSpec
from pktvisor_sdk.strategies import Timed, captures, cuts
from tests.laws.running import HANDLERS, buckets_of, values

EACH = pytest.mark.parametrize("spec", HANDLERS, ids=lambda spec: f"{spec.name}-{spec.version}")


@EACH
@given(
    frames=captures(),
    cuts=cuts(500),
    periods=st.sampled_from([1, 3]),
    rate=st.sampled_from([100, 37]),
)
def test_cutting_a_stream_anywhere_gives_the_same_buckets(
    spec: HandlerSpec, frames: list[Timed], cuts: list[int], periods: int, rate: int
) -> None:
    """Counters, rates, transactions, sketch bytes, lists and quantiles, of every period kept."""
    whole = buckets_of(spec, frames, periods=periods, deep_sample_rate=rate)
    pieces = buckets_of(spec, frames, cuts, periods=periods, deep_sample_rate=rate)
    assert [(b.start_ns, b.end_ns, b.length) for b in pieces] == [
        (b.start_ns, b.end_ns, b.length) for b in whole
    ]
    assert [values(bucket) for bucket in pieces] == [values(bucket) for bucket in whole]
