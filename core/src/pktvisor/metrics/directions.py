"""Metrics that a bucket holds once for each direction: `in`, `out` and `unknown`.

class Sides(MetricSet):
    total = Counter("total_packets", "Count of packets", group="counters")

class MyBucket(Bucket):
    schema, groups = "my", {"counters": True}
    sides = Directions(Sides)

bucket.sides[IN].total.add(5)   →   {"in": {"total_packets": 5}}
                                    my_total_packets{direction="in"} 5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, cast, overload

from pktvisor.metrics.metric import Mergeable, MetricSettings
from pktvisor.metrics.plain import Plain

if TYPE_CHECKING:
    from pktvisor.metrics.metric_set import MetricSet

__all__ = ["ByDirection", "Directions"]

SetT = TypeVar("SetT", bound="MetricSet")

_NAMES = ("unknown", "in", "out")  # by the code of a `direction` column
_SHOWN = (1, 2, 0)


class ByDirection(Mergeable, Generic[SetT]):
    """The sets of the directions seen so far; index with the code of a `direction` column.

    A set is made, and from then on shown, when it is first asked for: ask for one only when there
    is something to count in it.
    """

    def __init__(self, kind: type[SetT], settings: MetricSettings) -> None:
        self._kind = kind
        self._settings = settings
        self._sets: dict[int, SetT] = {}

    def __getitem__(self, direction: int) -> SetT:
        found = self._sets.get(direction)
        if found is None:
            if not 0 <= direction < len(_NAMES):
                raise IndexError(f"direction {direction}; allowed are 0 unknown, 1 in, 2 out")
            found = self._sets[direction] = self._kind(self._settings)
        return found

    def __contains__(self, direction: int) -> bool:
        return direction in self._sets

    def items(self) -> Iterator[tuple[str, SetT]]:
        """The name and the set of each direction seen: in, out, unknown."""
        return ((_NAMES[code], self._sets[code]) for code in _SHOWN if code in self._sets)

    def merge_later(self, other: Self) -> None:
        """Merge direction by direction; one seen on either side stays."""
        for code, metrics in other._sets.items():
            for name, state in self[code].states.items():
                state.merge_later(metrics.states[name])

    def merge_parallel(self, other: Self) -> None:
        """Merge direction by direction; one seen on either side stays."""
        for code, metrics in other._sets.items():
            for name, state in self[code].states.items():
                state.merge_parallel(metrics.states[name])

    def dump(self) -> dict[str, Plain]:
        """The states of each direction seen, by its name."""
        return {name: metrics.dump() for name, metrics in self.items()}

    def load(self, values: Plain) -> None:
        """Become dumped directions of the same set."""
        if not isinstance(values, dict) or not set(values) <= set(_NAMES):
            raise ValueError(f"{values!r:.40} is not an object of {', '.join(_NAMES)}")
        for name, states in values.items():
            self[_NAMES.index(name)].load(states)

    def cover(self, first_second: int, last_second: int) -> None:
        """Tell the rates which seconds belong to the period."""
        for state in self._states():
            state.cover(first_second, last_second)

    def observe(self, first_second: int, second: int) -> None:
        """Take the live value of the rates."""
        for state in self._states():
            state.observe(first_second, second)

    def seal(self) -> None:
        """Settle every state."""
        for state in self._states():
            state.seal()

    def evicted(self) -> int:
        """Entries that metrics gave up to stay within bounds."""
        return sum(state.evicted() for state in self._states())

    def _states(self) -> Iterator[Mergeable]:
        # A copy: `evicted` is asked for while another thread sees a direction for the first time.
        sets = list(self._sets.values())
        return (state for metrics in sets for state in metrics.states.values())


class Directions(Generic[SetT]):
    """Declares a set of metrics for each direction; see the module for an example.

    Each direction is an object of the JSON, there only once something was seen that way in the
    period, and the value of the Prometheus label `direction`.
    """

    keys: ClassVar[tuple[str, ...]] = tuple(_NAMES[code] for code in _SHOWN)
    label: ClassVar[str] = "direction"

    def __init__(self, kind: type[SetT]) -> None:
        self.kind = kind
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, metrics: None, owner: type) -> Self: ...
    @overload
    def __get__(self, metrics: MetricSet, owner: type) -> ByDirection[SetT]: ...
    def __get__(self, metrics: MetricSet | None, owner: type) -> Self | ByDirection[SetT]:
        return self if metrics is None else self.of(metrics)

    def of(self, metrics: MetricSet) -> ByDirection[SetT]:
        """The state of this declaration in a set."""
        return cast("ByDirection[SetT]", metrics.states[self.name])

    def new_state(self, settings: MetricSettings) -> ByDirection[SetT]:
        """No direction seen yet."""
        return ByDirection(self.kind, settings)
