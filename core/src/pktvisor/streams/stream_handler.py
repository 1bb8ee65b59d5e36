"""The contract of a stream handler: what turns batches into metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from pktvisor.batches import Array, StageTable, Table
from pktvisor.metrics import Bucket, MetricSettings
from pktvisor.streams.control import Control
from pktvisor.streams.sampling import DeepSampler

__all__ = ["HandlerContext", "StreamHandler"]

BatchT = TypeVar("BatchT", bound=Table, contravariant=True)
BucketT = TypeVar("BucketT", bound=Bucket)


class HandlerContext(NamedTuple):
    """What the engine gives a handler: metric settings and the deep-sampling rate in percent.

    `chained` says that the handler is fed by another handler, not by the stream itself.
    """

    settings: MetricSettings = MetricSettings()
    deep_sample_rate: int = 100
    chained: bool = False


class StreamHandler(ABC, Generic[BatchT, BucketT]):
    """Fills buckets from batches; single-threaded, one instance per policy and stream.

    A handler sees a batch at most once, with the bucket of the period all its rows belong to. It
    must not keep views into the batch, must not depend on where batches were cut, and composes
    masked column operations instead of looping over rows.

    An `update` that raises loses that batch for this handler (and for those chained behind it) and
    marks the bucket `degraded`; the others never notice. Too many errors in a minute stop it.
    """

    def __init__(self, config: Any, context: HandlerContext) -> None:
        self.config = config
        self.context = context
        self.sampler = DeepSampler(context.deep_sample_rate)

    @abstractmethod
    def update(self, batch: BatchT, bucket: BucketT) -> Array | StageTable | None:
        """Count a batch, and say what is handed on to a chained handler.

        That is some of the batch's rows (int64), or the entries of a stage's table, each with its
        packet to itself, or None for everything.
        """

    def period_shift(self, sealed: BucketT, live: BucketT, at_ns: int) -> None:
        """Carry state over: `sealed` has just ended and `live` begins, both at event time `at_ns`."""

    def control(self, row: Control, bucket: BucketT) -> None:
        """Take a control row, between two batches.

        Live streams send a heartbeat each second with what the capture source has counted so far
        (`row.capture`, running totals: remember those of the row before and add the difference).
        Every stream sends one when handlers are attached to it or detached, to those attached then.
        """

    def info(self) -> Mapping[str, Any]:
        """What the API shows of this handler, such as its open state."""
        return {}

    def evictions(self) -> Mapping[str, int]:
        """Entries its own tables gave up for want of room, by table; each value only grows.

        Metrics count theirs themselves. Asked for at any time, by any thread: read numbers only.
        """
        return {}

    def close(self) -> None:
        """Let go of what the handler holds; no update follows."""
