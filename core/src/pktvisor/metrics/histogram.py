"""Histograms: how many values lie in each of a fixed series of ranges, 18 to a power of ten."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.plain import Plain, column_bytes, entries, number, read_column

__all__ = ["Histogram", "HistogramState", "boundaries"]

Kind = Literal["integer", "real"]


@cache
def boundaries(kind: Kind) -> Array:
    """The upper bounds of the ranges, ascending: 10**(e + b/18) from 1e-9 up to below 1e18.

    For integers they are truncated and repeats left out: 0, 1, 2 … 8, 10, 11, 12, 14, 16, 18 …
    The steps within a power are rounded to single precision, as the original has them.
    """
    steps = (np.arange(18, dtype=np.float32) / np.float32(18)).astype(np.float64)
    bounds: Array = (10.0 ** np.arange(-9, 18)[:, None] * 10.0**steps).ravel()
    if kind == "integer":
        bounds = bounds.astype(np.int64)
        bounds = bounds[np.append(True, bounds[1:] > bounds[:-1])]
    bounds.flags.writeable = False
    return bounds


class HistogramState(MetricState):
    """Exact counts by range, and the sum of all values; as large however many there were.

    12, 12, 12, 8  →  {"buckets": {"8": 1, "12": 4, "+Inf": 4}}
    """

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        # One more than there are bounds: what lies above the last.
        self._counts = np.zeros(len(boundaries(kind)) + 1, np.int64)
        self._sum: float = 0

    def add(self, values: Array) -> None:
        """Take in a column of values."""
        if not len(values):
            return
        self._sum += values.sum().item()
        places = np.searchsorted(boundaries(self._kind), values, "left")
        self._counts += np.bincount(places, minlength=len(self._counts))

    def merge_later(self, other: Self) -> None:
        """Add the other's counts."""
        self._counts += other._counts
        self._sum += other._sum

    def dump(self) -> dict[str, Plain]:
        """The counts of all ranges, and the sum."""
        return {"counts": column_bytes(self._counts), "sum": self._sum}

    def load(self, values: Plain) -> None:
        """Become a dumped histogram of the same kind."""
        counts, total = entries(values, "counts", "sum")
        found = read_column(counts, len(self._counts))
        if len(found) != len(self._counts):
            raise ValueError(f"{len(found)} ranges; a histogram has {len(self._counts)}")
        self._counts, self._sum = found, number(total)

    @property
    def count(self) -> int:
        """How many values were taken in."""
        return int(self._counts.sum())

    def buckets(self) -> dict[str, int]:
        """Values up to each bound whose own range has any, and `+Inf` for all of them."""
        filled = np.flatnonzero(self._counts[:-1])
        sums = np.cumsum(self._counts)[filled].tolist()
        bounds = boundaries(self._kind)[filled].tolist()
        keys = [str(bound) if self._kind == "integer" else f"{bound:f}" for bound in bounds]
        return {**dict(zip(keys, sums, strict=True)), "+Inf": self.count}

    def to_json(self) -> dict[str, dict[str, int]] | None:
        """The buckets, or None without values."""
        return {"buckets": self.buckets()} if self.count else None

    def samples(self, label: str) -> list[Sample]:
        """One line a bucket, the number of values and their sum; nothing without values."""
        if not self.count:
            return []
        lines: list[Sample] = [("_bucket", {"le": le}, n) for le, n in self.buckets().items()]
        return [*lines, ("_count", {}, self.count), ("_sum", {}, self._sum)]


class Histogram(Metric[HistogramState]):
    """Declares a histogram of a value: `Histogram("xact.in.histogram_us", "…", unit="us")`.

    `values` says what the values are: `integer` (64 bits, not negative) or `real`.
    """

    kind = "histogram"
    prometheus_type = "histogram"

    def __init__(self, *args: Any, values: Kind = "integer", **options: Any) -> None:
        super().__init__(*args, **options)
        self.values: Kind = values

    def new_state(self, settings: MetricSettings) -> HistogramState:
        """A state without values."""
        return HistogramState(self.values)
