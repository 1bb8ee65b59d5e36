"""Quantiles of values, by the KLL sketch (Karnin, Lang and Liberty 2016), k = 200."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.number_counts import NumberCounts
from pktvisor.metrics.plain import Plain, entries, number, read_sketch, sketch_bytes

__all__ = ["RANKS", "Quantiles", "QuantilesState", "summary_samples"]

RANKS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_SMALL = 65536

Kind = Literal["small", "integer", "real"]


class QuantilesState(MetricState):
    """A KLL sketch of int32 or float64 values; exact while it holds at most 200.

    Of kind `small`, values below 65536 are counted one by one instead, which is exact and much
    cheaper than the sketch; it takes the larger ones.
    """

    def __init__(self, kind: Kind) -> None:
        self._dtype = np.float64 if kind == "real" else np.int32
        self._counts = NumberCounts() if kind == "small" else None
        self._counted = 0
        self._sum: float = 0
        self._sketch: Any = None

    def add(self, values: Array) -> None:
        """Take in a column of values; integers beyond 32 bits count as the largest."""
        if not len(values):
            return
        self._sum += values.sum().item()
        if self._counts is not None:
            small = values < _SMALL
            if small.all():
                self._counts.add(values.astype(np.uint16))
                self._counted += len(values)
                return
            self._counts.add(values[small].astype(np.uint16))
            self._counted += int(np.count_nonzero(small))
            values = values[~small]
        if self._dtype is np.int32 and values.dtype.itemsize >= 4:
            values = np.minimum(values, 2**31 - 1)
        self._own().update(values.astype(self._dtype, copy=False))

    @property
    def table(self) -> Array:
        """Where a kernel may count values below 65536 itself, of kind `small`: one more at the
        index that is the value (int64). Tell `tallied` afterwards.
        """
        assert self._counts is not None
        return self._counts.table

    def tallied(self, number: int, total: int) -> None:
        """So many values, which add up to `total`, were counted in `table`."""
        self._counted += number
        self._sum += total

    @property
    def count(self) -> int:
        """How many values were taken in."""
        return self._counted + (0 if self._sketch is None else int(self._sketch.n))

    def quantile(self, rank: float) -> float | int | None:
        """The smallest value whose rank is at least `rank`; None when there are no values."""
        number = self.count
        if not number:
            return None
        if self._counts is None or not self._counted:
            return self._convert(self._sketch.get_quantile(rank, True))
        index = max(math.ceil(rank * number - 1e-9), 1)
        if index > self._counted:
            inner = (index - self._counted) / (number - self._counted)
            return self._convert(self._sketch.get_quantile(inner, True))
        place = int(np.searchsorted(np.cumsum(self._counts.counts()), index))
        return int(self._counts.numbers()[place])

    def merge_later(self, other: Self) -> None:
        """Merge the other's values."""
        if other._sketch is not None:
            self._own().merge(other._sketch)
        if self._counts is not None and other._counts is not None:
            self._counts.merge(other._counts)
        self._counted += other._counted
        self._sum += other._sum

    def dump(self) -> dict[str, Plain]:
        """The exact counts, where there are any, the sketch and the sum."""
        counts = None if self._counts is None else self._counts.dump()
        return {"counts": counts, "sketch": sketch_bytes(self._sketch), "sum": self._sum}

    def load(self, values: Plain) -> None:
        """Become dumped quantiles of the same kind."""
        counts, sketch, total = entries(values, "counts", "sketch", "sum")
        if (counts is None) != (self._counts is None):
            raise ValueError("quantiles of another kind")
        found = read_sketch(type(self._new()), sketch)
        if self._counts is not None:
            self._counts.load(counts)
            self._counted = int(self._counts.counts().sum())
        self._sketch, self._sum = found, number(total)

    def seal(self) -> None:
        """Give back the room only updates need."""
        if self._counts is not None:
            self._counts.compact()

    def samples(self, label: str) -> list[Sample]:
        """Four quantiles, the sum of all values and their number; nothing without values."""
        return summary_samples(self.to_json(), self._sum, self.count)

    def to_json(self) -> dict[str, float | int] | None:
        """Four quantiles, or None without values."""
        found = {name: self.quantile(rank) for name, rank in RANKS.items()}
        return {name: value for name, value in found.items() if value is not None} or None

    def serialize(self) -> bytes:
        """The values as a KLL sketch of Apache DataSketches."""
        sketch = self._new()
        if self._sketch is not None:
            sketch.merge(self._sketch)
        if self._counts is not None and self._counted:
            for number, count in zip(self._counts.numbers(), self._counts.counts(), strict=True):
                sketch.update(np.full(count, number, np.int32))
        return bytes(sketch.serialize())

    def _own(self) -> Any:
        if self._sketch is None:
            self._sketch = self._new()
        return self._sketch

    def _new(self) -> Any:
        import datasketches

        if self._dtype is np.int32:
            return datasketches.kll_ints_sketch(200)
        return datasketches.kll_doubles_sketch(200)

    def _convert(self, value: float) -> float | int:
        return int(value) if self._dtype is np.int32 else float(value)


def summary_samples(
    quantiles: Mapping[str, float] | None, total: float, count: int
) -> list[Sample]:
    """The lines of a Prometheus summary; none without quantiles."""
    if quantiles is None:
        return []
    lines: list[Sample] = [
        ("", {"quantile": f"{RANKS[name]:g}"}, value) for name, value in quantiles.items()
    ]
    return [*lines, ("_sum", {}, total), ("_count", {}, count)]


class Quantiles(Metric[QuantilesState]):
    """Declares quantiles of a value: `Quantiles("payload_size", "…", unit="bytes")`.

    `values` says what the values are: `integer` (32 bits), `small` (integers mostly below 65536)
    or `real`.
    """

    kind = "quantiles"
    prometheus_type = "summary"

    def __init__(self, *args: Any, values: Kind = "integer", **options: Any) -> None:
        super().__init__(*args, **options)
        self.values: Kind = values

    def new_state(self, settings: MetricSettings) -> QuantilesState:
        """A state without values."""
        return QuantilesState(self.values)
