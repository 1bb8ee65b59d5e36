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
from pktvisor.metrics import QuantilesState, TopNState
from pktvisor.stages import DnsMessages
from pktvisor_dns.bucket import DnsBucket
from pktvisor_dns.codes import IN, OUT, READ

__all__ = ["Transactions"]

_SIDES = {IN: "out", OUT: "in"}  # by the reply's direction: to the host, it was the client


class Transactions:
    """Follows the transactions of one stream of DNS messages."""

    def __init__(self, ttl_ms: int) -> None:
        self._ttl_ns = ttl_ms * 1_000_000
        self._table = PairMatcher()
        self._slow_us: dict[str, float] = {}

    def update(self, messages: DnsMessages, bucket: DnsBucket, deep: Array) -> None:
        """Match a table of messages; `deep` flags the messages looked at closely."""
        size = messages.message_length.astype(np.int64)
        pairs = self._table.match(
            messages.flow_hash,
            messages.identifier,
            messages.timestamp_ns,
            messages.kind,
            size[:, np.newaxis],
        )
        replies = pairs.reply
        if not len(replies):
            return
        elapsed = np.abs(messages.timestamp_ns[replies] - pairs.query_ns)
        late = elapsed >= self._ttl_ns
        bucket.xact_timed_out.add(np.count_nonzero(late))
        query_size = pairs.words[:, 0]
        if late.any():
            replies, elapsed, query_size = replies[~late], elapsed[~late], query_size[~late]
        rows = replies
        bucket.xact_total.add(len(rows))
        direction = messages.direction[rows]
        bucket.xact_in.add(np.count_nonzero(direction == OUT))
        bucket.xact_out.add(np.count_nonzero(direction == IN))
        close = deep[rows]
        if not close.all():
            rows, elapsed, query_size = rows[close], elapsed[close], query_size[close]
            direction = direction[close]
        micros = elapsed // 1000
        if bucket.enabled("quantiles"):
            bucket.ratio.add(size[rows] / query_size)  # a message that has a kind has 12 bytes
        for side, times, histogram, slow in (
            (IN, bucket.time_out, bucket.histogram_out, bucket.slow_out),
            (OUT, bucket.time_in, bucket.histogram_in, bucket.slow_in),
        ):
            chosen = direction == side
            if bucket.enabled("histograms"):
                histogram.add(micros[chosen])
            self._side(messages, side, rows[chosen], micros[chosen], times, slow)

    def period_shift(self, sealed: DnsBucket, live: DnsBucket, at_ns: int) -> None:
        """Time out what has waited too long and take the slow thresholds from the sealed period."""
        live.xact_timed_out.add(len(self._table.purge(at_ns - self._ttl_ns)))
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
        slow_rows = rows[(micros >= threshold) & (messages.question[rows] == READ)]
        if len(slow_rows):
            names = messages.names_as_sent(slow_rows)
            slow.add_texts(names, names.rows)
