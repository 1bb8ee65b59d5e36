"""What all kinds of metric share: one declaration on a bucket class, one state in each bucket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Self, TypeVar, cast, overload

from pktvisor.metrics.plain import Plain

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase
    from pktvisor.metrics.metric_set import MetricSet

__all__ = ["Mergeable", "Metric", "MetricSettings", "MetricState", "Sample", "StateT"]

# One line of a Prometheus family: suffix of the name, labels, value.
Sample = tuple[str, dict[str, str], float]


class MetricSettings(NamedTuple):
    """What a bucket's metrics need to know; the same for every bucket of one handler."""

    groups: frozenset[str] = frozenset()
    top_n_count: int = 10
    top_n_percentile: int = 0
    recorded: bool = True
    city: GeoDatabase | None = None
    asn: GeoDatabase | None = None


class Mergeable(ABC):
    """What a bucket holds for each declaration.

    Both merges add another state of the same declaration into this one and leave the other as it
    was: `merge_later` the state of another period, `merge_parallel` that of other traffic in the
    same period. Most kinds treat the two alike.
    """

    @abstractmethod
    def merge_later(self, other: Self) -> None:
        """Take in the state of an earlier or later period."""

    @abstractmethod
    def dump(self) -> Plain:
        """Everything the state knows, as plain values, from which `load` makes its equal."""

    @abstractmethod
    def load(self, values: Plain) -> None:
        """Become, from empty, the state that was dumped. Raises ValueError for what is none."""

    def merge_parallel(self, other: Self) -> None:
        """Take in the state of disjoint traffic of the same period."""
        self.merge_later(other)

    def cover(self, first_second: int, last_second: int) -> None:  # noqa: B027 - for rates
        """Count the seconds from first to last as part of the period, whether busy or idle."""

    def observe(self, first_second: int, second: int) -> None:  # noqa: B027 - for rates
        """Show the state as it is in `second` of a live period that began in `first_second`."""

    def seal(self) -> None:  # noqa: B027 - most kinds have nothing to settle
        """Settle the state: no more updates will come. Frees what only updates need."""

    def evicted(self) -> int:
        """Entries given up so far to stay within bounds."""
        return 0


class MetricState(Mergeable):
    """The value of one metric in one bucket."""

    @abstractmethod
    def to_json(self) -> Any:
        """The value as the API shows it, or None when there is nothing to show."""

    @abstractmethod
    def samples(self, label: str) -> list[Sample]:
        """The lines of the Prometheus family; `label` is the label of a list's items."""


StateT = TypeVar("StateT", bound=MetricState)


class Metric(ABC, Generic[StateT]):
    """The declaration of a metric: everything that is ever said about it is said here.

    `path` is its place in the JSON, dots between levels. `group` is the metric group that switches
    it; None means always on. `deep` metrics see deep-sampled events only. `family` overrides the
    Prometheus name, which otherwise is schema and path joined by underscores. Read on a set
    of metrics (a bucket) it gives the state there.
    """

    kind: ClassVar[str]
    prometheus_type: ClassVar[str] = "gauge"
    label: str = ""

    def __init__(
        self,
        path: str,
        help: str,
        *,
        group: str | tuple[str, ...] | None = None,
        unit: str = "",
        deep: bool = False,
        family: str | None = None,
    ) -> None:
        self.path = tuple(path.split("."))
        self.help = help
        self.groups = (group,) if isinstance(group, str) else (group or ())
        self.unit = unit
        self.deep = deep
        self._family = family
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, metrics: None, owner: type) -> Self: ...
    @overload
    def __get__(self, metrics: MetricSet, owner: type) -> StateT: ...
    def __get__(self, metrics: MetricSet | None, owner: type) -> Self | StateT:
        if metrics is None:
            return self
        return cast("StateT", metrics.states[self.name])

    def enabled(self, groups: frozenset[str]) -> bool:
        """Whether a bucket with these groups on shows this metric."""
        return all(group in groups for group in self.groups)

    def family(self, schema: str) -> str:
        """The Prometheus family name under a schema."""
        return self._family or "_".join((schema, *self.path))

    @abstractmethod
    def new_state(self, settings: MetricSettings) -> StateT:
        """An empty state."""
