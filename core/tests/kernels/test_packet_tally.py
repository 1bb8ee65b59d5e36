"""The tally of a batch, against counting row by row."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.batches import PacketBatch
from pktvisor.kernels import IN, OUT, UNKNOWN, PacketTally, Tallier, packet_tally
from pktvisor_sdk.kernels import both_ways

Row = dict[str, int]

rows = st.lists(
    st.fixed_dictionaries(
        {
            "direction": st.integers(0, 2),
            "captured_length": st.sampled_from([0, 60, 61, 1500, 65535, 65536, 200_000]),
            "ip_version": st.sampled_from([0, 4, 6]),
            "transport": st.integers(0, 2),
            "fragment": st.integers(0, 2),
            "tcp_flags": st.integers(0, 255),
            "source_hi": st.integers(0, 1),
            "source_lo": st.integers(0, 1),
            "destination_hi": st.integers(0, 1),
            "destination_lo": st.integers(0, 1),
            "accepted": st.integers(0, 1),
            "deep": st.integers(0, 1),
            "second": st.integers(0, 1),
        }
    ),
    min_size=1,
    max_size=40,
)


def batch_of(found: list[Row]) -> PacketBatch:
    columns = PacketBatch.allocate(len(found))
    for name, column in columns.items():
        column[:] = [row.get(name, 0) for row in found]
    return PacketBatch(np.zeros(1, np.uint8), len(found), columns)


def starts_of(found: list[Row]) -> Any:
    """A new second begins where the one drawn differs from the row before."""
    seconds = [row["second"] for row in found]
    return np.array([i for i, s in enumerate(seconds) if i == 0 or s != seconds[i - 1]], np.int64)


def tallied(found: list[Row], sizes: Any, *, filtered: bool, sampled: bool) -> PacketTally:
    return Tallier().tally(
        batch_of(found),
        starts_of(found),
        accepted=np.array([row["accepted"] for row in found], bool) if filtered else None,
        deep=np.array([row["deep"] for row in found], bool) if sampled else None,
        sizes=sizes,
    )


def slowly(found: list[Row], *, filtered: bool, sampled: bool) -> tuple[Counter[Any], Any]:
    """Counts by what is counted and direction, and the rows of each list of addresses."""
    counts: Counter[Any] = Counter()
    lists: dict[Any, list[int]] = {}
    run = -1
    starts = set(starts_of(found).tolist())
    for i, row in enumerate(found):
        run += i in starts
        if filtered and not row["accepted"]:
            continue
        deep = not sampled or bool(row["deep"])
        way = row["direction"]
        transport = 0 if row["fragment"] else row["transport"]
        counts["packets", way, run] += 1
        counts["octets", way, run] += row["captured_length"]
        counts[("other", "udp", "tcp")[transport], way] += 1
        counts["version", row["ip_version"], way] += 1
        counts["syn", way] += transport == 2 and deep and bool(row["tcp_flags"] & 2)
        counts["size", way, row["captured_length"]] += 1
        if not deep or not row["ip_version"]:
            continue
        for end, shown in (("source", way != OUT), ("destination", way != IN)):
            if shown and (row[f"{end}_hi"] or row[f"{end}_lo"]):
                lists.setdefault((way, row["ip_version"], end), []).append(i)
    return counts, lists


@given(rows, st.booleans(), st.booleans())
def test_a_tally_equals_counting_row_by_row(
    found: list[Row], filtered: bool, sampled: bool
) -> None:
    sizes = tuple(np.zeros(65536, np.int64) for _ in range(3))
    with both_ways(packet_tally):
        tally = tallied(found, sizes, filtered=filtered, sampled=sampled)
    counts, lists = slowly(found, filtered=filtered, sampled=sampled)
    for way in (UNKNOWN, IN, OUT):
        for run in range(len(starts_of(found))):
            assert tally.packets[way, run] == counts["packets", way, run]
            assert tally.octets[way, run] == counts["octets", way, run]
        assert tally.total(way) == sum(n for k, n in counts.items() if k[:2] == ("packets", way))
        assert tally.protocols(way) == [
            counts["udp", way],
            counts["tcp", way],
            counts["other", way],
            counts["version", 4, way],
            counts["version", 6, way],
            counts["syn", way],
        ]
        assert tally.too_long(way) == counts["size", way, 65536] + counts["size", way, 200_000]
        for length in (0, 60, 61, 1500, 65535):
            assert sizes[way][length] == counts["size", way, length]
        for version in (4, 6):
            for end in ("source", "destination"):
                if way != UNKNOWN and end != ("source" if way == IN else "destination"):
                    continue
                found_rows = tally.addresses(way, version, destination=end == "destination")
                assert found_rows.tolist() == lists.get((way, version, end), [])


@given(rows)
def test_one_table_of_sizes_may_serve_all_directions(found: list[Row]) -> None:
    size = np.zeros(65536, np.int64)
    tallied(found, (size, size, size), filtered=False, sampled=False)
    expected = Counter(row["captured_length"] for row in found if row["captured_length"] < 65536)
    assert {int(i): int(size[i]) for i in np.flatnonzero(size)} == expected


def test_without_tables_of_sizes_every_frame_is_too_long() -> None:
    none = np.empty(0, np.int64)
    found = [{"direction": 1, "captured_length": 60, "second": 0}]
    assert Tallier().tally(batch_of(found), starts_of(found), sizes=(none,) * 3).too_long(IN) == 1


def test_a_direction_that_does_not_exist_is_an_error() -> None:
    found = [{"direction": 3, "second": 0}]
    with pytest.raises(IndexError):
        Tallier().tally(batch_of(found), starts_of(found))
