"""A set of metrics: declared as class attributes, with one state each in an instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pktvisor.metrics.directions import Directions
from pktvisor.metrics.metric import Mergeable, Metric, MetricSettings, MetricState
from pktvisor.metrics.plain import Plain

__all__ = ["MetricSet", "Shown"]


class Shown:
    """One metric to show: its value, its place in the JSON, and the labels all its lines carry."""

    __slots__ = ("labels", "metric", "path", "state")

    def __init__(
        self,
        metric: Metric[Any],
        state: MetricState,
        path: tuple[str, ...],
        labels: Mapping[str, str],
    ) -> None:
        self.metric: Metric[Any] = metric
        self.state = state
        self.path = path
        self.labels = labels


class MetricSet:
    """Subclass it and declare metrics as class attributes; an instance holds their states.

    Beside metrics it may declare `Directions`, which hold another set once for each direction.
    """

    metrics: ClassVar[Mapping[str, Metric[Any]]] = {}
    parts: ClassVar[Mapping[str, Directions[Any]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        metrics, parts = dict(cls.metrics), dict(cls.parts)
        for name, declared in vars(cls).items():
            if isinstance(declared, Metric):
                metrics[name] = declared
            elif isinstance(declared, Directions):
                parts[name] = declared
        cls.metrics, cls.parts = metrics, parts
        cls._check_paths()

    def __init__(self, settings: MetricSettings) -> None:
        self.settings = settings
        self.states: dict[str, Mergeable] = {
            name: metric.new_state(settings) for name, metric in self.metrics.items()
        }
        self.states.update((name, part.new_state(settings)) for name, part in self.parts.items())
        # Found before the declarations of the class, and so without a call of their `__get__`.
        vars(self).update(self.states)

    def shown(self, groups: frozenset[str] | None = None) -> Iterator[Shown]:
        """Every metric whose groups are on (by default those of the settings), with its state."""
        groups = self.settings.groups if groups is None else groups
        for name, metric in self.metrics.items():
            if metric.enabled(groups):
                state = self.states[name]
                assert isinstance(state, MetricState)
                yield Shown(metric, state, metric.path, {})
        for part in self.parts.values():
            for key, metrics in part.of(self).items():
                for shown in metrics.shown(groups):
                    yield Shown(
                        shown.metric,
                        shown.state,
                        (key, *shown.path),
                        {part.label: key, **shown.labels},
                    )

    def dump(self) -> dict[str, Plain]:
        """What each state dumps, by the name of its declaration."""
        return {name: state.dump() for name, state in self.states.items()}

    def load(self, values: Plain) -> None:
        """Become, from empty, the set that was dumped; ValueError, which names the metric, if not."""
        if not isinstance(values, dict):
            raise ValueError(f"{values!r:.40} is not an object of metrics")
        for name in sorted(values.keys() ^ self.states.keys(), key=repr):
            known = "missing" if name in self.states else "not known here"
            raise ValueError(f"metric {name!r:.40} is {known}: made by another version?")
        for name, state in self.states.items():
            try:
                state.load(values[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None

    @classmethod
    def declared(cls) -> Iterator[tuple[tuple[str, ...], Metric[Any]]]:
        """Every place a metric may have in the JSON, with its declaration."""
        for metric in cls.metrics.values():
            yield metric.path, metric
        for part in cls.parts.values():
            for path, metric in part.kind.declared():
                for key in part.keys:
                    yield (key, *path), metric

    @classmethod
    def _check_paths(cls) -> None:
        """Refuse two metrics in one place, and a metric where others have their object."""
        taken: dict[tuple[str, ...], str] = {}
        above: dict[tuple[str, ...], str] = {}  # the objects that hold metrics
        for path, metric in cls.declared():
            heads = [path[:depth] for depth in range(1, len(path))]
            for place, names in ((path, taken), (path, above), *((head, taken) for head in heads)):
                if place in names:
                    raise TypeError(
                        f"{cls.__name__}: metrics {names[place]!r} and {metric.name!r} share the"
                        f" path {'.'.join(place)!r}"
                    )
            taken[path] = metric.name
            above.update(dict.fromkeys(heads, metric.name))
