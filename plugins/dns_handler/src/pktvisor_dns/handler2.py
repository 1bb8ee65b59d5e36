"""`dns` 2.0: queries are matched with their replies first, and only transactions are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import Seconds
from pktvisor.stages import DnsMessages
from pktvisor.streams import HandlerContext, StreamHandler
from pktvisor_dns.bucket2 import Dns2Bucket
from pktvisor_dns.config import Dns2Config
from pktvisor_dns.directions import DirectionCounter
from pktvisor_dns.filters import Filters
from pktvisor_dns.matching import Matcher

__all__ = ["Dns2Handler"]


class Dns2Handler(StreamHandler[PacketBatch, Dns2Bucket]):
    """Counts DNS transactions by direction, name, type, response code, size and time."""

    def __init__(self, config: Dns2Config, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._filters = Filters(config, context.settings)
        self._matcher = Matcher(
            config.ttl_ms,
            config.xact_directions,
            subnets="top_ecs" in context.settings.groups,
        )
        self._counter = DirectionCounter(config, context.settings)

    def update(self, batch: PacketBatch, bucket: Dns2Bucket) -> DnsMessages:
        """Match the DNS messages of a batch; hands on those that pass the filters."""
        messages = batch.stage(DnsMessages)
        bucket.observed.add(len(messages))
        runs = Seconds.of_table(messages)
        bucket.observed_rate.add(runs.seconds, runs.count())
        if not len(messages):
            return messages
        outcome = self._matcher.match(messages, self._filters.rejected_by_kind(messages))
        bucket.filtered.add(outcome.filtered)
        deep = self.sampler.flags(outcome.accepted)
        bucket.deep_sampled.add(np.count_nonzero(deep))
        for direction, side in outcome.sides.items():
            self._counter.count(messages, bucket, direction, side, deep)
        if outcome.accepted.all():
            return messages
        return messages.take(np.flatnonzero(outcome.accepted))

    def period_shift(self, sealed: Dns2Bucket, live: Dns2Bucket, at_ns: int) -> None:
        """Time out queries and learn what is slow from the period that ended."""
        waited: Array = self._matcher.purge(at_ns)
        for direction in np.flatnonzero(waited).tolist():
            live.sides[direction].timeouts.add(waited[direction])
        self._counter.learn_slow(sealed)

    def info(self) -> Mapping[str, Any]:
        """Open transactions."""
        return {
            "dns": {"xact": {"open": self._matcher.open}},
            "transactions_open": self._matcher.open,
        }

    def evictions(self) -> Mapping[str, int]:
        """Queries given up because the table of open transactions was full."""
        return {"transactions": self._matcher.evicted}
