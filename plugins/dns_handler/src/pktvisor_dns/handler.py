"""`dns` 1.0: one pass of masked column operations over the DNS messages of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.kernels import cut_qnames
from pktvisor.metrics import Seconds, Texts
from pktvisor.metrics.grouping import distinct
from pktvisor.stages import DnsMessages
from pktvisor.streams import HandlerContext, StreamHandler
from pktvisor_dns.bucket import DnsBucket
from pktvisor_dns.config import DnsConfig
from pktvisor_dns.transactions import Transactions

__all__ = ["DnsHandler"]

QUERY, REPLY = 0, 1
NOERROR, SRVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
READ, UNREADABLE = 0, 1
UDP, TCP = 1, 2


class DnsHandler(StreamHandler[PacketBatch, DnsBucket]):
    """Counts DNS messages by kind, name, type and response code, and follows transactions."""

    def __init__(self, config: DnsConfig, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._transactions = Transactions(config.ttl_ms)

    def update(self, batch: PacketBatch, bucket: DnsBucket) -> Array | None:
        """Count the DNS messages of a batch; hands on one row a message."""
        messages = batch.stage(DnsMessages)
        rows = len(messages)
        if not rows:
            return messages.packet_row
        bucket.events.add(rows)
        bucket.total.add(rows)
        deep = self.sampler.flags(np.ones(rows, bool))
        bucket.deep_samples.add(np.count_nonzero(deep))
        runs = Seconds.of_table(messages)
        counts = runs.count()
        bucket.rates_events.add(runs.seconds, counts)
        bucket.rates_total.add(runs.seconds, counts)
        rcode = messages.flags & 15
        reply = messages.kind == REPLY
        nodata = reply & (rcode == NOERROR) & (messages.answers == 0)
        if bucket.enabled("counters"):
            _count(messages, bucket, reply, rcode, nodata)
        _details(messages, bucket, deep, reply, rcode, nodata)
        if bucket.enabled("dns_transaction"):
            self._transactions.update(messages, bucket, deep)
        return messages.packet_row

    def period_shift(self, sealed: DnsBucket, live: DnsBucket, at_ns: int) -> None:
        """Time out queries and learn what is slow from the period that ended."""
        self._transactions.period_shift(sealed, live, at_ns)

    def info(self) -> Mapping[str, Any]:
        """Open transactions, and those given up because the table was full."""
        return {
            "transactions_open": self._transactions.open,
            "transactions_evicted": self._transactions.evicted,
        }


def _count(
    messages: DnsMessages, bucket: DnsBucket, reply: Array, rcode: Array, nodata: Array
) -> None:
    bucket.queries.add(np.count_nonzero(messages.kind == QUERY))
    bucket.replies.add(np.count_nonzero(reply))
    bucket.udp.add(np.count_nonzero(messages.transport == UDP))
    bucket.tcp.add(np.count_nonzero(messages.transport == TCP))
    bucket.ipv4.add(np.count_nonzero(messages.ip_version == 4))
    bucket.ipv6.add(np.count_nonzero(messages.ip_version == 6))
    codes = np.bincount(rcode[reply], minlength=16)
    bucket.noerror.add(codes[NOERROR])
    bucket.srvfail.add(codes[SRVFAIL])
    bucket.nxdomain.add(codes[NXDOMAIN])
    bucket.refused.add(codes[REFUSED])
    bucket.nodata.add(np.count_nonzero(nodata))


def _details(
    messages: DnsMessages,
    bucket: DnsBucket,
    deep: Array,
    reply: Array,
    rcode: Array,
    nodata: Array,
) -> None:
    """What takes a close look: ports, response codes, types and names of deep-sampled messages."""
    if bucket.enabled("top_ports"):
        bucket.top_udp_ports.add_numbers(messages.port[deep])
    bucket.top_rcode.add_numbers(rcode[deep & reply & (messages.question != UNREADABLE)])
    named = deep & (messages.question == READ)
    bucket.top_qtype.add_numbers(messages.qtype[named])
    names = messages.derived(_names, _names)
    rows = np.flatnonzero(named)
    each = distinct(names.keys, rows)
    if bucket.enabled("cardinality"):
        # A sketch takes no empty text, so the root is not among the distinct names.
        bucket.qname.add(names, each.rows[messages.name_length[each.rows] > 0])
    if not bucket.enabled("top_qnames"):
        return
    cuts = cut_qnames(replace(names, rows=each.rows))
    bucket.top_qname2.add_texts(cuts.qname2, cuts.qname2.rows, each.weights)
    bucket.top_qname3.add_texts(cuts.qname3, cuts.qname3.rows, each.weights)
    answered = named & reply
    bucket.top_nxdomain.add_texts(names, np.flatnonzero(answered & (rcode == NXDOMAIN)))
    bucket.top_srvfail.add_texts(names, np.flatnonzero(answered & (rcode == SRVFAIL)))
    bucket.top_refused.add_texts(names, np.flatnonzero(answered & (rcode == REFUSED)))
    bucket.top_nodata.add_texts(names, np.flatnonzero(answered & nodata))


def _names(messages: DnsMessages) -> Texts:
    """The lower-cased names of all messages whose question could be read."""
    rows = np.flatnonzero(messages.question == READ)
    return Texts(messages.lower, messages.name_offset, messages.name_length, rows)
