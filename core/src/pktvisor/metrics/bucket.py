"""A bucket: the metrics of one handler over one period."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

from pktvisor.metrics.metric import MetricSettings
from pktvisor.metrics.metric_set import MetricSet
from pktvisor.metrics.plain import entries, integer, texts

__all__ = ["Bucket"]

_NS = 1_000_000_000
_FIELDS = (
    "schema", "groups", "recorded", "top_n_count", "top_n_percentile", "start_ns", "end_ns",
    "now_ns", "length", "degraded", "states",
)  # fmt: skip


class Bucket(MetricSet):
    """Subclass it and declare metrics as class attributes; an instance holds their states.

    `schema` is the key of the JSON object and the head of every Prometheus name. `groups` names the
    metric groups with their defaults. Metrics of groups that are off have a state too, so that a
    handler may update them, but are never shown: skip them with `enabled` where they cost time.
    A handler whose groups are all off shows nothing at all.

    `start_ns` and `end_ns` are event times; `length` is in whole seconds, and 0 until it is known:
    when the period has ended or, of a stream that is not recorded, in a copy made at some time.
    """

    schema: ClassVar[str] = ""
    groups: ClassVar[Mapping[str, bool]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for path, metric in cls.declared():
            for group in metric.groups:
                if group not in cls.groups:
                    raise TypeError(
                        f"{cls.__name__}: metric {'.'.join(path)!r} has the unknown group"
                        f" {group!r}; declared are {', '.join(cls.groups)}"
                    )

    def __init__(self, settings: MetricSettings, start_ns: int = 0) -> None:
        super().__init__(settings)
        self.start_ns = start_ns
        self.end_ns: int | None = None
        self.now_ns: int | None = None
        self.length = 0
        self.degraded = False  # a handler failed on a batch: some of its counts are missing

    @classmethod
    def default_groups(cls) -> frozenset[str]:
        """The groups that are on unless a policy says otherwise."""
        return frozenset(name for name, on in cls.groups.items() if on)

    def enabled(self, group: str) -> bool:
        """Whether a metric group is on."""
        return group in self.settings.groups

    @property
    def silent(self) -> bool:
        """Whether the handler has metric groups and all of them are off: then it shows nothing."""
        return bool(self.groups) and not self.settings.groups

    def seal(self, end_ns: int) -> None:
        """End the period: no more updates. Its length is counted in whole seconds."""
        if self.end_ns is not None:
            return
        self.end_ns = max(end_ns, self.start_ns)
        self.length = self.end_ns // _NS - self.start_ns // _NS
        for state in self.states.values():
            state.cover(self.start_ns // _NS, self.end_ns // _NS)
            state.seal()

    def copy(self, now_ns: int | None = None) -> Self:
        """An independent bucket with the same values.

        `now_ns` is the stream's time at this moment. Where the stream is not recorded, a bucket
        that is still filled then has a length, and rates over whole seconds with a live value.
        """
        result = type(self).merged([self])
        if now_ns is not None and self.end_ns is None and not self.settings.recorded:
            result.now_ns = max(now_ns, self.start_ns)
            result.length = result.now_ns // _NS - self.start_ns // _NS
            for state in result.states.values():
                state.observe(self.start_ns // _NS, result.now_ns // _NS)
        return result

    @classmethod
    def merged(cls, buckets: Iterable[Self], *, parallel: bool = False) -> Self:
        """One bucket from several of the same handler; they stay as they are.

        Periods in a row, newest first: it starts with the earliest and lengths add; with a copy of
        the live one among them, it lasts until that was made. Disjoint traffic of one period
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
        for part in parts:
            if part.end_ns is not None:  # also what only another part has, as a direction may be
                for state in result.states.values():
                    state.cover(part.start_ns // _NS, part.end_ns // _NS)
        result.degraded = any(part.degraded for part in parts)
        for part in parts:
            # A direction that a period did not see was idle all of it.
            last_ns = part.end_ns if part.now_ns is None else part.now_ns - _NS
            if last_ns is not None and last_ns >= part.start_ns:
                for state in result.states.values():
                    state.cover(part.start_ns // _NS, last_ns // _NS)
        lengths = [part.length for part in parts]
        result.length = max(lengths) if parallel else sum(lengths)
        ends = [part.end_ns for part in parts if part.end_ns is not None]
        result.end_ns = max(ends) if len(ends) == len(parts) else None
        result.now_ns = max((p.now_ns for p in parts if p.now_ns is not None), default=None)
        if result.now_ns is not None and not parallel:
            result.length = result.now_ns // _NS - result.start_ns // _NS
        return result

    def to_bytes(self, key: bytes) -> bytes:
        """The bucket in an envelope, to be kept or sent: see `pktvisor.metrics.envelope`.

        Who reads it needs the same key, of at most 64 bytes; empty for bytes that only the program
        that wrote them will read.
        """
        from pktvisor.metrics import envelope

        return envelope.seal(
            {
                "schema": self.schema,
                "groups": sorted(self.settings.groups),
                "recorded": self.settings.recorded,
                "top_n_count": self.settings.top_n_count,
                "top_n_percentile": self.settings.top_n_percentile,
                "start_ns": self.start_ns,
                "end_ns": self.end_ns,
                "now_ns": self.now_ns,
                "length": self.length,
                "degraded": self.degraded,
                "states": self.dump(),
            },
            key,
        )

    @classmethod
    def from_bytes(cls, data: bytes, key: bytes) -> Self:
        """The bucket of `to_bytes`: it shows, and merges with its like, as the one it was made of.

        What stands for records of a database has become text. Raises ValueError, in one line, for
        bytes that are no envelope, were changed or sealed with another key, or are another kind's.
        """
        from pktvisor.metrics import envelope

        found = dict(zip(_FIELDS, entries(envelope.unseal(data, key), *_FIELDS), strict=True))
        if found["schema"] != cls.schema:
            raise ValueError(f"a bucket of schema {found['schema']!r:.40}, not {cls.schema!r}")
        chosen = frozenset(texts(found["groups"], len(cls.groups), 64))
        if unknown := sorted(chosen - cls.groups.keys()):
            raise ValueError(f"metric group {unknown[0]!r} is not known here")
        settings = MetricSettings(
            groups=chosen,
            top_n_count=integer(found["top_n_count"], 1),
            top_n_percentile=integer(found["top_n_percentile"], 0, 100),
            recorded=bool(found["recorded"]),
        )
        bucket = cls(settings, integer(found["start_ns"]))
        bucket.load(found["states"])
        bucket.end_ns = None if found["end_ns"] is None else integer(found["end_ns"])
        bucket.now_ns = None if found["now_ns"] is None else integer(found["now_ns"])
        bucket.length, bucket.degraded = integer(found["length"], 0), bool(found["degraded"])
        return bucket

    def evicted(self) -> int:
        """Entries that metrics gave up to stay within bounds."""
        return sum(state.evicted() for state in self.states.values())

    def with_settings(self, settings: MetricSettings) -> Self:
        """The same states shown under other settings."""
        view = copy.copy(self)
        view.settings = settings
        return view
