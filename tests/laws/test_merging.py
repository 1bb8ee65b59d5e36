"""Merging what parts of the traffic gave gives what the whole of it gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.metrics import Bucket
from pktvisor.streams import HandlerSpec
from pktvisor_sdk.captures import START_NS
from pktvisor_sdk.strategies import Timed, captures
from tests.laws.running import HANDLERS, buckets_of, values

EACH = pytest.mark.parametrize("spec", HANDLERS, ids=lambda spec: f"{spec.name}-{spec.version}")
LATER_NS = START_NS + 1000 * 10**9


def merged(*buckets: Bucket, parallel: bool = False) -> Bucket:
    return type(buckets[0]).merged(buckets, parallel=parallel)


def same(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Equal, cardinalities within 3 percent."""
    assert left.keys() == right.keys()
    for name, value in left.items():
        if "cardinality" in name:
            assert value == pytest.approx(right[name], rel=0.03, abs=0.5), name
        else:
            assert value == right[name], name


@EACH
@given(first=captures(network=2), second=captures(network=3, start_ns=LATER_NS))
def test_periods_in_a_row_merge_to_the_period_of_both(
    spec: HandlerSpec, first: list[Timed], second: list[Timed]
) -> None:
    """No second, connection or transaction is in both."""
    parts = [buckets_of(spec, frames)[0] for frames in (first, second)]
    (whole,) = buckets_of(spec, first + second)
    together = merged(*parts)
    assert (together.start_ns, together.end_ns) == (whole.start_ns, whole.end_ns)
    assert together.length == sum(part.length for part in parts)
    same(values(together, exact=False), values(whole, exact=False))


@EACH
@given(first=captures(network=2), second=captures(network=3))
def test_shards_of_one_period_merge_to_the_whole_of_it(
    spec: HandlerSpec, first: list[Timed], second: list[Timed]
) -> None:
    """Rates add second by second; flows are split by client, so that no transaction is torn."""
    frames = sorted(first + second, key=lambda item: item[0])
    shards = [sorted(part, key=lambda item: item[0]) for part in (first, second)]
    parts = [buckets_of(spec, shard)[0] for shard in shards]
    (whole,) = buckets_of(spec, frames)
    together = merged(*parts, parallel=True)
    assert together.length == max(part.length for part in parts)
    same(values(together, exact=False), values(whole, exact=False))


@EACH
@given(
    parts=st.tuples(*(captures(network=network, most=6) for network in (2, 3, 4))),
    parallel=st.booleans(),
)
def test_merging_is_associative_and_changes_no_part(
    spec: HandlerSpec, parts: tuple[list[Timed], ...], parallel: bool
) -> None:
    a, b, c = (buckets_of(spec, frames)[0] for frames in parts)
    before = [values(bucket) for bucket in (a, b, c)]
    left = merged(merged(a, b, parallel=parallel), c, parallel=parallel)
    right = merged(a, merged(b, c, parallel=parallel), parallel=parallel)
    same(values(left, exact=False), values(right, exact=False))
    assert (left.start_ns, left.end_ns, left.length) == (right.start_ns, right.end_ns, right.length)
    assert [values(bucket) for bucket in (a, b, c)] == before
