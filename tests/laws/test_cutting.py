"""Where a stream is cut into batches changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.streams import HandlerSpec
from tests.laws.running import HANDLERS, buckets_of, values
from tests.laws.traffic import Timed, captures

EACH = pytest.mark.parametrize("spec", HANDLERS, ids=lambda spec: f"{spec.name}-{spec.version}")
CUTS = st.lists(st.integers(1, 150), max_size=6) | st.just(range(1, 500))


@EACH
@given(
    frames=captures(), cuts=CUTS, periods=st.sampled_from([1, 3]), rate=st.sampled_from([100, 37])
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
