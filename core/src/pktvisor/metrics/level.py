"""Levels: how many of something there are now; the newest word counts."""

from __future__ import annotations

from typing import Self

from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.plain import Plain, integer

__all__ = ["Level", "LevelState"]


class LevelState(MetricState):
    """A number and when it was taken.

    Of periods in a row the newest number stays; those of disjoint traffic add:

        3 at second 10, 5 at second 70  →  later: 5    parallel: 8
    """

    __slots__ = ("at_ns", "value")

    def __init__(self) -> None:
        self.value = 0
        self.at_ns = -1

    def set(self, value: int, at_ns: int) -> None:
        """The level is `value` from now on."""
        self.value, self.at_ns = int(value), int(at_ns)

    def merge_later(self, other: Self) -> None:
        """Keep the newer of the two; the larger when they are as old."""
        self.at_ns, self.value = max((self.at_ns, self.value), (other.at_ns, other.value))

    def merge_parallel(self, other: Self) -> None:
        """Add the other's level."""
        self.value += other.value
        self.at_ns = max(self.at_ns, other.at_ns)

    def dump(self) -> list[Plain]:
        """The level, and when it was taken."""
        return [self.value, self.at_ns]

    def load(self, values: Plain) -> None:
        """Become a dumped level."""
        if not isinstance(values, list) or len(values) != 2:
            raise ValueError(f"{values!r:.40} is not a level and its time")
        self.value, self.at_ns = integer(values[0]), integer(values[1], -1)

    def to_json(self) -> int:
        """The level."""
        return self.value

    def samples(self, label: str) -> list[Sample]:
        """The level."""
        return [("", {}, self.value)]


class Level(Metric[LevelState]):
    """Declares a level: `policies = Level("policy_count", "Policies attached")`."""

    kind = "level"

    def new_state(self, settings: MetricSettings) -> LevelState:
        """A level nobody has taken yet: 0."""
        return LevelState()
