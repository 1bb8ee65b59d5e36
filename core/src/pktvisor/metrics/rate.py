"""Rates: quantiles of events per second of event time.

A rate keeps one count a second while it can (3,600 of them); the counts of older seconds fold into
a KLL sketch, except that zeros are only numbered, so an idle week costs nothing. A quantile is
taken over all seconds from the period's first to its last, both included:

    seconds 10, 11, 12, 13 with 4, 0, 0, 9 events  →  sorted 0 0 4 9, p50 = 0, p90 = 9
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from pktvisor._kernels import group as kernel
from pktvisor.batches import Array, Table
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.plain import (
    Plain,
    column_bytes,
    entries,
    integer,
    read_column,
    read_sketch,
    sketch_bytes,
)
from pktvisor.metrics.quantiles import RANKS, summary_samples

__all__ = ["Rate", "RateState", "Seconds"]

KEPT_SECONDS = 3600
_AHEAD = 64  # seconds of room for what comes next, so that not every second moves the counts
_NS = 1_000_000_000
_MOST = 2.0**62  # events in a second


class Seconds:
    """Runs of rows that lie in the same second: `starts[i]` is the first row of run i."""

    def __init__(self, starts: Array, seconds: Array, counts: Array, rows: int) -> None:
        self.starts = starts
        self.seconds = seconds
        self.rows = rows
        self._counts = counts

    @classmethod
    def of(cls, timestamp_ns: Array) -> Seconds:
        """The runs of a column of times (int64 ns)."""
        rows = len(timestamp_ns)
        starts, seconds, counts = (np.empty(rows, np.int64) for _ in range(3))
        found = kernel.runs(timestamp_ns, _NS, starts, seconds, counts)
        return cls(starts[:found], seconds[:found], counts[:found], rows)

    @staticmethod
    def of_table(table: Table) -> Seconds:
        """The runs of a table's `timestamp_ns`, worked out once per table."""
        return table.derived(Seconds.of, lambda t: Seconds.of(t.column("timestamp_ns")))

    def count(self) -> Array:
        """Rows in each run."""
        return self._counts

    def grouped(self, groups: Array, amounts: Array, number: int) -> tuple[Array, Array]:
        """Rows, and the sum of `amounts` (u32), by run and group (u8 below `number`): (runs, number)."""
        counts = np.zeros((len(self.starts), number), np.int64)
        totals = np.zeros((len(self.starts), number), np.int64)
        kernel.sums(groups, amounts, self.starts, counts, totals)
        return counts, totals

    def sums(self, amounts: Array) -> Array:
        """The sum of `amounts` (one a row; a mask counts its rows) in each run."""
        if not len(self.starts):
            return np.empty(0, np.int64)
        return np.add.reduceat(amounts, self.starts, dtype=np.int64)


class RateState(MetricState):
    """Events per second, by absolute second; `cover` says which seconds belong to the period."""

    def __init__(self) -> None:
        self._base = 0  # the second of _counts[0]
        self._counts = np.zeros(0, np.int64)
        self._first: int | None = None  # the period's seconds, both ends included
        self._last = 0
        self._folded: Any = None  # KLL of the counts of folded seconds that were not zero
        self._folded_busy = 0
        self.total = 0
        self.live: int | None = None

    def cover(self, first_second: int, last_second: int) -> None:
        """Count the seconds from first to last as part of the period, whether busy or idle."""
        if self._first is None:
            self._first, self._last = first_second, last_second
        else:
            self._first = min(self._first, first_second)
            self._last = max(self._last, last_second)

    def observe(self, first_second: int, second: int) -> None:
        """Take the events of the last whole second as the live value; drop what came after it."""
        kept = max(second - self._base, 0)
        self.total -= int(self._counts[kept:].sum())
        self._counts = self._counts[:kept]
        before = second - 1 - self._base
        self.live = int(self._counts[before]) if 0 <= before < len(self._counts) else 0
        if second <= first_second:
            self._first = None
            return
        self.cover(first_second, second - 1)
        self._last = second - 1

    def add(self, seconds: Array, amounts: Array) -> None:
        """Add amounts to seconds (equally long, seconds may repeat and need not be sorted)."""
        if not len(seconds):
            return
        if len(seconds) <= 4:  # the usual batch: cheaper without arrays
            for second, amount in zip(seconds.tolist(), amounts.tolist(), strict=True):
                self._add_one(second, amount)
            return
        self.total += int(amounts.sum())
        low, high = int(seconds.min()), int(seconds.max())
        self.cover(low, high)
        self._reach(low, high)
        kept = seconds >= self._base
        np.add.at(self._counts, seconds[kept] - self._base, amounts[kept])
        if not kept.all():
            self._fold(amounts[~kept])

    def _add_one(self, second: int, amount: int) -> None:
        self.total += amount
        if self._first is None or second < self._first or second > self._last:
            self.cover(second, second)
        at = second - self._base
        if not 0 <= at < len(self._counts):
            self._reach(second, second)
            at = second - self._base
        if at >= 0:
            self._counts[at] += amount
        else:
            self._fold(np.array([amount]))

    def _reach(self, low: int, high: int) -> None:
        """Make the kept range include `high`, and `low` as far as the bound allows."""
        if not len(self._counts):
            self._base = max(low, high - KEPT_SECONDS + 1)
            room = max(high + 1, min(high + _AHEAD, self._base + KEPT_SECONDS))
            self._counts = np.zeros(room - self._base, np.int64)
            return
        end = self._base + len(self._counts)
        base = min(self._base, low)
        if high >= end:
            end = max(high + 1, min(high + _AHEAD, base + KEPT_SECONDS))
        base = max(base, end - KEPT_SECONDS)
        if base == self._base and end == base + len(self._counts):
            return
        counts = np.zeros(end - base, np.int64)
        leaving = max(base - self._base, 0)
        if leaving:
            self._fold(self._counts[:leaving])
        staying = self._counts[leaving:]
        at = self._base + leaving - base
        counts[at : at + len(staying)] = staying
        self._base, self._counts = base, counts

    def _fold(self, counts: Array) -> None:
        busy = counts[counts > 0]
        if len(busy):
            if self._folded is None:
                self._folded = _new_sketch()
            self._folded.update(busy.astype(np.float64))
            self._folded_busy += len(busy)

    def quantiles(self, ranks: list[float]) -> list[int] | None:
        """The count at each rank over all seconds; None when no second is covered."""
        if self._first is None:
            return None
        busy = np.sort(self._counts[self._counts > 0])
        number = self._last - self._first + 1
        idle = max(number - len(busy) - self._folded_busy, 0)
        number = idle + len(busy) + self._folded_busy
        sketch = None
        if self._folded is not None:
            sketch = _new_sketch()
            sketch.merge(self._folded)
            sketch.update(busy.astype(np.float64))
        found = []
        for rank in ranks:
            index = max(math.ceil(rank * number - 1e-9), 1)
            if index <= idle:
                found.append(0)
            elif sketch is not None:
                found.append(int(sketch.get_quantile((index - idle) / (number - idle), True)))
            else:
                found.append(int(busy[index - idle - 1]))
        return found

    def merge_later(self, other: Self) -> None:
        """Join the seconds of another period; a second both know holds the sum.

        The live value is that of the newest period that has one above zero, given newest first.
        """
        self.live = self.live or other.live if other.live is not None else self.live
        self._merge(other)

    def merge_parallel(self, other: Self) -> None:
        """Add the other traffic's events second by second."""
        if other.live is not None:
            self.live = (self.live or 0) + other.live
        self._merge(other)

    def _merge(self, other: Self) -> None:
        if other._first is None:
            return
        if other._folded is not None:
            if self._folded is None:
                self._folded = _new_sketch()
            self._folded.merge(other._folded)
            self._folded_busy += other._folded_busy
            self.total += other.total - int(other._counts.sum())
        self.cover(other._first, other._last)
        busy = np.flatnonzero(other._counts)
        self.add(other._base + busy, other._counts[busy])

    def dump(self) -> dict[str, Plain]:
        """The kept seconds, the folded ones, and which of them belong to the period."""
        return {
            "base": self._base,
            "counts": column_bytes(self._counts),
            "first": self._first,
            "last": self._last,
            "folded": sketch_bytes(self._folded),
            "folded_busy": self._folded_busy,
            "total": self.total,
            "live": self.live,
        }

    def load(self, values: Plain) -> None:
        """Become a dumped rate."""
        base, counts, first, last, folded, busy, total, live = entries(
            values, "base", "counts", "first", "last", "folded", "folded_busy", "total", "live"
        )
        kept = read_column(counts, KEPT_SECONDS)
        sketch = read_sketch(type(_new_sketch()), folded)
        self._base, self._counts, self._folded = integer(base), kept, sketch
        self._first = None if first is None else integer(first)
        self._last = integer(last) if self._first is None else integer(last, self._first)
        self._folded_busy, self.total = integer(busy, 0), integer(total, 0)
        if self._folded_busy != (0 if sketch is None else sketch.n):
            raise ValueError(f"{busy} folded seconds and a sketch of another number")
        if sketch is not None and not 0 < sketch.get_min_value() <= sketch.get_max_value() < _MOST:
            raise ValueError("a sketch of folded seconds that are no counts")
        self.live = None if live is None else integer(live, 0)

    def to_json(self) -> dict[str, int] | None:
        """Four quantiles, once a second is covered, and the live value where there is one."""
        shown = self._quantiles() or {}
        if self.live is not None:
            shown["live"] = self.live
        return shown or None

    def samples(self, label: str) -> list[Sample]:
        """Four quantiles, the events in all seconds and the number of seconds."""
        seconds = 0 if self._first is None else self._last - self._first + 1
        return summary_samples(self._quantiles(), self.total, seconds)

    def _quantiles(self) -> dict[str, int] | None:
        values = self.quantiles(list(RANKS.values()))
        return None if values is None else dict(zip(RANKS, values, strict=True))


def _new_sketch() -> Any:
    import datasketches

    return datasketches.kll_doubles_sketch(200)


class Rate(Metric[RateState]):
    """Declares a rate per second of event time."""

    kind = "rate"
    prometheus_type = "summary"

    def new_state(self, settings: MetricSettings) -> RateState:
        """A rate over no seconds yet."""
        return RateState()
