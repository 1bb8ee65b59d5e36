"""Counters: how many events of a sort a period saw."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.plain import Plain, integer

__all__ = ["Counter", "CounterState"]


class CounterState(MetricState):
    """An integer that only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, amount: int | np.integer[Any]) -> None:
        """Count `amount` more events."""
        self.value += int(amount)

    def merge_later(self, other: Self) -> None:
        """Add the other's count."""
        self.value += other.value

    def dump(self) -> int:
        """The count."""
        return self.value

    def load(self, values: Plain) -> None:
        """Become a dumped counter."""
        self.value = integer(values, 0, (1 << 64) - 1)

    def samples(self, label: str) -> list[Sample]:
        """The count."""
        return [("", {}, self.value)]

    def to_json(self) -> int:
        """The count."""
        return self.value


class Counter(Metric[CounterState]):
    """Declares a counter: `total = Counter("total", "Packets seen")`."""

    kind = "counter"

    def new_state(self, settings: MetricSettings) -> CounterState:
        """A counter at zero."""
        return CounterState()
