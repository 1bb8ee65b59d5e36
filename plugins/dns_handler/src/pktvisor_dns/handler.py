"""`dns` 1.0: one pass of masked column operations over the DNS messages of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.kernels import cut_qnames
from pktvisor.metrics import Seconds, distinct_texts
from pktvisor.stages import DnsMessages
from pktvisor.streams import HandlerContext, StreamHandler
from pktvisor_dns.bucket import DnsBucket
from pktvisor_dns.codes import (
    NOERROR,
    NXDOMAIN,
    QUERY,
    READ,
    REFUSED,
    REPLY,
    SRVFAIL,
    TCP,
    UDP,
    UNREADABLE,
)
from pktvisor_dns.config import DnsConfig
from pktvisor_dns.filters import Filters, lower_names
from pktvisor_dns.subnets import count_subnets
from pktvisor_dns.suffixes import NameCutter
from pktvisor_dns.transactions import Transactions

__all__ = ["DnsHandler"]


class _Masks(NamedTuple):
    """What several metrics ask of the accepted messages of one batch."""

    deep: Array
    reply: Array
    rcode: Array
    nodata: Array


class DnsHandler(StreamHandler[PacketBatch, DnsBucket]):
    """Counts DNS messages by kind, name, type and response code, and follows transactions."""

    def __init__(self, config: DnsConfig, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._filters = Filters(config, context.settings)
        self._cutter = NameCutter(config.suffixes, public=config.public_suffix_list)
        self._transactions = Transactions(config.ttl_ms)

    def update(self, batch: PacketBatch, bucket: DnsBucket) -> DnsMessages:
        """Count the DNS messages of a batch; hands on those that pass the filters."""
        messages = batch.stage(DnsMessages)
        if not self.context.chained:
            messages = self._filters.offered(messages)
        bucket.events.add(len(messages))
        runs = Seconds.of_table(messages)
        bucket.rates_events.add(runs.seconds, runs.count())
        rejected = self._filters.rejected(messages)
        if rejected is None:
            deep = self.sampler.flags(np.ones(len(messages), bool))
            bucket.deep_samples.add(np.count_nonzero(deep))
        else:
            deep = self.sampler.flags(~rejected)
            bucket.deep_samples.add(np.count_nonzero(deep))
            bucket.filtered.add(np.count_nonzero(rejected))
            messages, deep = messages.take(np.flatnonzero(~rejected)), deep[~rejected]
            runs = Seconds.of_table(messages)
        if len(messages):
            bucket.total.add(len(messages))
            bucket.rates_total.add(runs.seconds, runs.count())
            self._accepted(messages, bucket, deep)
        return messages

    def period_shift(self, sealed: DnsBucket, live: DnsBucket, at_ns: int) -> None:
        """Time out queries and learn what is slow from the period that ended."""
        self._transactions.period_shift(sealed, live, at_ns)

    def info(self) -> Mapping[str, Any]:
        """Open transactions, and the predicate."""
        return {
            "dns": {
                "predicate": {"enabled": self._filters.has_predicate and not self.context.chained},
                "xact": {"open": self._transactions.open},
            },
            "transactions_open": self._transactions.open,
        }

    def evictions(self) -> Mapping[str, int]:
        """Queries given up because the table of open transactions was full."""
        return {"transactions": self._transactions.evicted}

    def _accepted(self, messages: DnsMessages, bucket: DnsBucket, deep: Array) -> None:
        rcode, reply = messages.rcode, messages.kind == REPLY
        nodata = reply & (rcode == NOERROR) & (messages.answers == 0)
        masks = _Masks(deep, reply, rcode, nodata)
        if bucket.enabled("counters"):
            _count(messages, bucket, masks)
        if bucket.enabled("top_ports"):
            bucket.top_udp_ports.add_numbers(messages.port[deep])
        bucket.top_rcode.add_numbers(rcode[deep & reply & (messages.question != UNREADABLE)])
        self._names(messages, bucket, masks)
        if bucket.enabled("top_ecs"):
            self._subnets(messages, bucket, deep & ~reply)
        if bucket.enabled("dns_transaction"):
            self._transactions.update(messages, bucket, deep)

    def _names(self, messages: DnsMessages, bucket: DnsBucket, masks: _Masks) -> None:
        """Types and names of deep-sampled messages."""
        named = masks.deep & (messages.question == READ)
        bucket.top_qtype.add_numbers(messages.qtype[named])
        each = distinct_texts(lower_names(messages), np.flatnonzero(named))
        names = each.texts
        if bucket.enabled("cardinality"):
            # A sketch takes no empty text, so the root is not among the distinct names.
            bucket.qname.add(names, np.flatnonzero(names.length))
        if not bucket.enabled("top_qnames"):
            return
        cuts = cut_qnames(names, self._cutter.suffixes(names))
        bucket.top_qname2.add_texts(cuts.qname2, cuts.qname2.rows, each.weights)
        bucket.top_qname3.add_texts(cuts.qname3, cuts.qname3.rows, each.weights)
        answered, rcode = named & masks.reply, masks.rcode
        for top, chosen in (
            (bucket.top_nxdomain, rcode == NXDOMAIN),
            (bucket.top_srvfail, rcode == SRVFAIL),
            (bucket.top_refused, rcode == REFUSED),
            (bucket.top_nodata, masks.nodata),
        ):
            top.add_distinct(each, each.weighed(np.flatnonzero(answered & chosen)))
        if bucket.enabled("top_qnames_details"):
            rows = np.flatnonzero(answered)
            sizes = each.weighed(rows, messages.message_length)
            bucket.top_qname_by_resp_bytes.add_distinct(each, sizes)
            bucket.top_noerror.add_distinct(each, each.weighed(rows[rcode[rows] == NOERROR]))

    def _subnets(self, messages: DnsMessages, bucket: DnsBucket, chosen: Array) -> None:
        """The client subnets of deep-sampled queries."""
        rows = np.flatnonzero(chosen & (messages.ecs_version > 0))
        bucket.query_ecs.add(len(rows))
        count_subnets(
            self.context.settings,
            (messages.ecs_version, messages.ecs_hi, messages.ecs_lo),
            rows,
            bucket.top_query_ecs,
            bucket.top_geo_ecs,
            bucket.top_asn_ecs,
        )


def _count(messages: DnsMessages, bucket: DnsBucket, masks: _Masks) -> None:
    count = np.count_nonzero  # of a mask: much cheaper than bincount, which widens its column
    bucket.queries.add(count(messages.kind == QUERY))
    bucket.replies.add(count(masks.reply))
    bucket.udp.add(count(messages.transport == UDP))
    bucket.tcp.add(count(messages.transport == TCP))
    ipv6 = count(messages.ip_version == 6)
    bucket.ipv4.add(len(messages) - ipv6)
    bucket.ipv6.add(ipv6)
    for code, counter in (
        (NOERROR, bucket.noerror),
        (SRVFAIL, bucket.srvfail),
        (NXDOMAIN, bucket.nxdomain),
        (REFUSED, bucket.refused),
    ):
        counter.add(count(masks.reply & (masks.rcode == code)))
    bucket.nodata.add(count(masks.nodata))
