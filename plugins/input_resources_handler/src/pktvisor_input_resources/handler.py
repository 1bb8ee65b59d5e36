"""`input_resources`: sample the thread it is called from while there is traffic."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor.batches import Array, Table
from pktvisor.streams import Control, Event, HandlerContext, StreamHandler
from pktvisor_input_resources.bucket import ResourcesBucket
from pktvisor_input_resources.usage import ThreadUsage, Usage

__all__ = ["SAMPLE_NS", "ResourcesHandler"]

_NS = 1_000_000_000
SAMPLE_NS = 5 * _NS


class ResourcesHandler(StreamHandler[Table, ResourcesBucket]):
    """Counts what its stream costs.

    The first sample is relative to the start of the machine, later ones to the sample before.
    What was attached to the stream before this handler is never counted.
    """

    usage: Usage = ThreadUsage()

    def __init__(self, config: Any, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._sampled_ns: int | None = None
        self._cpu_ns = 0
        self._elapsed_ns = 0
        self._before: tuple[int, int] | None = None
        self._policies = 0
        self._handlers = 0

    def update(self, batch: Table, bucket: ResourcesBucket) -> Array | None:
        """Take a sample when the last one is five seconds of event time ago; all is handed on."""
        now_ns = int(batch.column("timestamp_ns")[-1])
        if self._sampled_ns is None or abs(now_ns - self._sampled_ns) >= SAMPLE_NS:
            self._sampled_ns = now_ns
            self._sample(bucket)
            self._event(bucket, now_ns)
        return None

    def control(self, row: Control, bucket: ResourcesBucket) -> None:
        """Follow how many policies and handlers are attached."""
        if row.event is Event.HEARTBEAT:
            return
        if self._before is None:  # it is itself among those attached now
            self._before = (row.policies - 1, row.handlers - 1)
        policies, handlers = self._before
        self._policies = max(row.policies - policies, 0)
        self._handlers = max(row.handlers - handlers, 0)
        self._levels(bucket, row.at_ns)
        self._event(bucket, row.at_ns)

    def period_shift(self, sealed: ResourcesBucket, live: ResourcesBucket, at_ns: int) -> None:
        """Carry the levels over."""
        self._levels(live, at_ns)
        self._event(live, at_ns)

    def _sample(self, bucket: ResourcesBucket) -> None:
        cpu_ns, elapsed_ns = self.usage.cpu_ns(), self.usage.elapsed_ns()
        used, passed = cpu_ns - self._cpu_ns, elapsed_ns - self._elapsed_ns
        self._cpu_ns, self._elapsed_ns = cpu_ns, elapsed_ns
        percent = max(100 * used / passed, 0.0) if passed > 0 else 0.0
        bucket.cpu_usage.add(np.array([percent]))
        bucket.memory_bytes.add(np.array([self.usage.memory_bytes()], np.float64))

    def _levels(self, bucket: ResourcesBucket, at_ns: int) -> None:
        bucket.policy_count.set(self._policies, at_ns)
        bucket.handler_count.set(self._handlers, at_ns)

    def _event(self, bucket: ResourcesBucket, at_ns: int) -> None:
        bucket.total.add(1)
        bucket.deep_samples.add(np.count_nonzero(self.sampler.flags(np.ones(1, bool))))
        if at_ns:  # a recorded stream that has not begun has no time yet
            bucket.event_rate.add(np.array([at_ns // _NS]), np.array([1]))
