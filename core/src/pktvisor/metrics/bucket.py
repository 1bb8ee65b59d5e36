"""A bucket: the metrics of one handler over one period."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pktvisor.metrics.metric import Metric, MetricSettings, MetricState
from pktvisor.metrics.rate import RateState

__all__ = ["Bucket"]

_NS = 1_000_000_000


class Bucket:
    """Subclass it and declare metrics as class attributes; an instance holds their states.

    `schema` is the key of the JSON object and the head of every Prometheus name. `groups` names the
    metric groups with their defaults. Metrics of groups that are off have a state too, so that a
    handler may update them, but are never shown: skip them with `enabled` where they cost time.
    """

    schema: ClassVar[str] = ""
    groups: ClassVar[Mapping[str, bool]] = {}
    metrics: ClassVar[Mapping[str, Metric[Any]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        found = dict(cls.metrics)
        found.update({n: m for n, m in vars(cls).items() if isinstance(m, Metric)})
        seen: dict[tuple[str, ...], str] = {}
        for name, metric in found.items():
            if metric.path in seen:
                raise TypeError(
                    f"{cls.__name__}: metrics {seen[metric.path]!r} and {name!r} share the path"
                    f" {'.'.join(metric.path)!r}"
                )
            seen[metric.path] = name
            for group in metric.groups:
                if group not in cls.groups:
                    raise TypeError(
                        f"{cls.__name__}.{name}: unknown group {group!r};"
                        f" declared are {', '.join(cls.groups)}"
                    )
        cls.metrics = found

    def __init__(self, settings: MetricSettings, start_ns: int = 0) -> None:
        self.settings = settings
        self.start_ns = start_ns
        self.end_ns: int | None = None
        self.length = 0
        self.states: dict[str, MetricState] = {
            name: metric.new_state(settings) for name, metric in self.metrics.items()
        }

    @classmethod
    def default_groups(cls) -> frozenset[str]:
        """The groups that are on unless a policy says otherwise."""
        return frozenset(name for name, on in cls.groups.items() if on)

    def enabled(self, group: str) -> bool:
        """Whether a metric group is on."""
        return group in self.settings.groups

    def shown(self) -> Iterator[tuple[Metric[Any], MetricState]]:
        """Every metric whose groups are on, with its state."""
        for name, metric in self.metrics.items():
            if metric.enabled(self.settings.groups):
                yield metric, self.states[name]

    def seal(self, end_ns: int) -> None:
        """End the period: no more updates. Its length is counted in whole seconds."""
        if self.end_ns is not None:
            return
        self.end_ns = max(end_ns, self.start_ns)
        self.length = self.end_ns // _NS - self.start_ns // _NS
        for state in self.states.values():
            if isinstance(state, RateState):
                state.cover(self.start_ns // _NS, self.end_ns // _NS)
            state.seal()

    def copy(self) -> Self:
        """An independent bucket with the same values."""
        return type(self).merged([self])

    @classmethod
    def merged(cls, buckets: Iterable[Self], *, parallel: bool = False) -> Self:
        """One bucket from several of the same handler; they stay as they are.

        Periods in a row: it starts with the earliest, lengths add. Disjoint traffic of one period
        (`parallel`): it starts with the earliest too, and its length is the longest.
        """
        parts = list(buckets)
        result = cls(parts[0].settings, min(part.start_ns for part in parts))
        for part in parts:
            for name, state in result.states.items():
                if parallel:
                    state.merge_parallel(part.states[name])
                else:
                    state.merge_later(part.states[name])
        lengths = [part.length for part in parts]
        result.length = max(lengths) if parallel else sum(lengths)
        ends = [part.end_ns for part in parts if part.end_ns is not None]
        result.end_ns = max(ends) if len(ends) == len(parts) else None
        return result

    def evicted(self) -> int:
        """Entries that metrics gave up to stay within bounds."""
        return sum(state.evicted() for state in self.states.values())

    def with_settings(self, settings: MetricSettings) -> Self:
        """The same states shown under other settings."""
        view = copy.copy(self)
        view.settings = settings
        return view
