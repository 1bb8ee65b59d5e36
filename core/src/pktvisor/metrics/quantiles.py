"""Quantiles of values, by the KLL sketch (Karnin, Lang and Liberty 2016), k = 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample

__all__ = ["RANKS", "Quantiles", "QuantilesState"]

RANKS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


class QuantilesState(MetricState):
    """A KLL sketch of int32 or float64 values; exact while it holds at most 200."""

    def __init__(self, number: Literal["integer", "real"]) -> None:
        import datasketches

        self._dtype = np.int32 if number == "integer" else np.float64
        self._sum: float = 0
        self._sketch: Any = (
            datasketches.kll_ints_sketch(200)
            if number == "integer"
            else datasketches.kll_doubles_sketch(200)
        )

    def add(self, values: Array) -> None:
        """Take in a column of values; integers beyond 32 bits count as the largest."""
        if len(values):
            if self._dtype is np.int32 and values.dtype != np.int32:
                values = np.minimum(values, 2**31 - 1)
            self._sketch.update(values.astype(self._dtype, copy=False))
            self._sum += values.sum().item()

    @property
    def count(self) -> int:
        """How many values were taken in."""
        return int(self._sketch.n)

    def quantile(self, rank: float) -> float | int | None:
        """The smallest value whose rank is at least `rank`; None when there are no values."""
        if self._sketch.is_empty():
            return None
        value = self._sketch.get_quantile(rank, True)
        return int(value) if self._dtype is np.int32 else float(value)

    def merge_later(self, other: Self) -> None:
        """Merge the other's sketch."""
        self._sketch.merge(other._sketch)
        self._sum += other._sum

    def samples(self, label: str) -> list[Sample]:
        """Four quantiles, the sum of all values and their number; nothing without values."""
        return summary_samples(self.to_json(), self._sum, self.count)

    def to_json(self) -> dict[str, float | int] | None:
        """Four quantiles, or None without values."""
        if self._sketch.is_empty():
            return None
        values = self._sketch.get_quantiles(list(RANKS.values()), True)
        convert = int if self._dtype is np.int32 else float
        return {name: convert(value) for name, value in zip(RANKS, values, strict=True)}

    def serialize(self) -> bytes:
        """The sketch as Apache DataSketches writes it."""
        return bytes(self._sketch.serialize())


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
    """Declares quantiles of a value: `Quantiles("payload_size", "…", unit="bytes")`."""

    kind = "quantiles"
    prometheus_type = "summary"

    def __init__(
        self, *args: Any, number: Literal["integer", "real"] = "integer", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.number: Literal["integer", "real"] = number

    def new_state(self, settings: MetricSettings) -> QuantilesState:
        """An empty sketch."""
        return QuantilesState(self.number)
