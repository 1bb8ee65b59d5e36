"""Buckets merge into what one bucket would have counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import Bucket
from pktvisor_sdk.feeding import Fed
from pktvisor_sdk.net_frames import HOST, HOST6, IN, OUT, PEER, PEER6, UNKNOWN, tcp_start

SECOND = 1_000_000_000
KINDS = (IN, OUT, UNKNOWN, tcp_start(PEER, HOST), tcp_start(HOST6, PEER6))

# Which packet comes, and how many tenths of a second after the one before.
traffic = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 30)), min_size=1, max_size=40)


def timed(packets: list[tuple[bytes, int]]) -> list[tuple[int, bytes]]:
    at, frames = 10 * SECOND, []
    for frame, later in packets:
        at += later * SECOND // 10
        frames.append((at, frame))
    return frames


def counted(version: str, frames: list[tuple[int, bytes]], start: int, end: int) -> Bucket:
    fed = Fed("net", version, host_spec=f"{HOST},{HOST6}")
    fed.attachment.open(start)
    if frames:
        fed.feed(*frames)
    fed.attachment.finish(end)
    return fed.window.live


def without_period(bucket: Bucket) -> dict[str, Any]:
    shown = bucket_json(bucket)
    del shown["period"]
    return shown


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@settings(max_examples=12, deadline=None)
@given(traffic, st.data())
def test_disjoint_traffic_of_one_period_merges_into_all_of_it(
    version: str, packets: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    frames = timed(packets)[:15]  # within the period
    start, end = frames[0][0], frames[-1][0]
    here = data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames)))
    parts = [
        counted(
            version, [f for f, mine in zip(frames, here, strict=True) if mine is side], start, end
        )
        for side in (True, False)
    ]
    whole = counted(version, frames, start, end)
    for order in (parts, parts[::-1]):
        merged = type(whole).merged(order, parallel=True)
        assert bucket_json(merged) == bucket_json(whole)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@settings(max_examples=12, deadline=None)
@given(traffic, st.integers(0, 15))
def test_periods_in_a_row_merge_into_one_long_period(
    version: str, packets: list[tuple[bytes, int]], cut: int
) -> None:
    frames = timed(packets)[:15]
    cut = min(cut, len(frames) - 1)
    start, middle, end = frames[0][0], frames[cut][0], frames[-1][0]
    parts = [
        counted(version, frames[cut:], middle, end),
        counted(version, frames[:cut], start, middle),
    ]
    whole = counted(version, frames, start, end)
    merged = type(whole).merged(parts)
    assert without_period(merged) == without_period(whole)
    assert (merged.start_ns, merged.length) == (whole.start_ns, whole.length)
