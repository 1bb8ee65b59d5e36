"""Transactions: a query and the reply that answers it.

Theory of operation. A query opens (or opens anew) the transaction of its flow and identifier; the
first reply with both closes it. A reply later than the time to live counts as timed out and so,
at each period shift, does every query that has waited that long. A transaction is slow when it took
at least the 90th percentile of the last finished period, on the same side.
"""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array
from pktvisor.kernels import PairMatcher
from pktvisor.metrics import Texts
from pktvisor.metrics.quantiles import QuantilesState
from pktvisor.metrics.top_n import TopNState
from pktvisor.stages import DnsMessages
from pktvisor_dns.bucket import DnsBucket

__all__ = ["Transactions"]

_REPLY = 1
_READ = 0
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SIDES = {1: "out", 2: "in"}  # by the reply's direction: to the host, it was the client


class Transactions:
    """Follows the transactions of one stream of DNS messages."""

    def __init__(self, ttl_ms: int) -> None:
        self._ttl_ns = ttl_ms * 1_000_000
        self._table = PairMatcher()
        self._slow_us: dict[str, float] = {}

    def update(self, messages: DnsMessages, bucket: DnsBucket, deep: Array) -> None:
        """Match a table of messages; `deep` flags the messages looked at closely."""
        kind = messages.kind
        key = messages.flow_hash ^ (messages.identifier * _SPREAD)
        size = messages.message_length.astype(np.int64)
        query_ns, query_size = self._table.match(
            key, messages.timestamp_ns, kind, size, np.flatnonzero(kind <= _REPLY)
        )
        replies = np.flatnonzero(query_ns >= 0)
        if not len(replies):
            return
        elapsed = np.abs(messages.timestamp_ns[replies] - query_ns[replies])
        late = elapsed >= self._ttl_ns
        bucket.xact_timed_out.add(np.count_nonzero(late))
        rows, elapsed = replies[~late], elapsed[~late]
        bucket.xact_total.add(len(rows))
        direction = messages.direction[rows]
        bucket.xact_in.add(np.count_nonzero(direction == 2))
        bucket.xact_out.add(np.count_nonzero(direction == 1))
        close = deep[rows]
        rows, micros, direction = rows[close], elapsed[close] // 1000, direction[close]
        if bucket.enabled("quantiles"):
            sized = rows[query_size[rows] > 0]
            bucket.ratio.add(size[sized] / query_size[sized])
        for side, times, histogram, slow in (
            (1, bucket.time_out, bucket.histogram_out, bucket.slow_out),
            (2, bucket.time_in, bucket.histogram_in, bucket.slow_in),
        ):
            chosen = direction == side
            if bucket.enabled("histograms"):
                histogram.add(micros[chosen])
            self._side(messages, side, rows[chosen], micros[chosen], times, slow)

    def period_shift(self, sealed: DnsBucket, live: DnsBucket, at_ns: int) -> None:
        """Time out what has waited too long and take the slow thresholds from the sealed period."""
        live.xact_timed_out.add(self._table.purge(at_ns - self._ttl_ns))
        for side, times in (("in", sealed.time_in), ("out", sealed.time_out)):
            threshold = times.quantile(0.90)
            if threshold is not None:
                self._slow_us[side] = threshold

    @property
    def open(self) -> int:
        """Queries that wait for their reply."""
        return self._table.open

    @property
    def evicted(self) -> int:
        """Queries given up because the table was full."""
        return self._table.evicted

    def _side(
        self,
        messages: DnsMessages,
        side: int,
        rows: Array,
        micros: Array,
        times: QuantilesState,
        slow: TopNState,
    ) -> None:
        times.add(micros)
        threshold = self._slow_us.get(_SIDES[side])
        if threshold is None:
            return
        slow_rows = rows[(micros >= threshold) & (messages.question[rows] == _READ)]
        if len(slow_rows):
            names = Texts(messages.sent, messages.name_offset, messages.name_length, slow_rows)
            slow.add_texts(names, slow_rows)
