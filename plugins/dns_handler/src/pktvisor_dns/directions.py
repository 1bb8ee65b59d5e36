"""Count the transactions of one direction in `dns` 2.0."""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array
from pktvisor.kernels import cut_qnames
from pktvisor.metrics import DistinctTexts, MetricSettings, Seconds, distinct_texts
from pktvisor.stages import DnsMessages
from pktvisor_dns.bucket2 import Dns2Bucket, DnsDirection
from pktvisor_dns.codes import (
    NOERROR,
    NXDOMAIN,
    READ,
    REFUSED,
    SRVFAIL,
    TCP,
    UDP,
    UNREADABLE,
)
from pktvisor_dns.config import Dns2Config
from pktvisor_dns.filters import lower_names
from pktvisor_dns.matching import Side
from pktvisor_dns.subnets import count_subnets
from pktvisor_dns.suffixes import NameCutter

__all__ = ["DirectionCounter"]

_AUTHORITATIVE, _AUTHENTICATED = 0x0400, 0x0020  # of the header's flags


class DirectionCounter:
    """Counts what is known of transactions, and remembers which times are slow."""

    def __init__(self, config: Dns2Config, settings: MetricSettings) -> None:
        self._settings = settings
        # The filter's suffix is known only while a query is looked at; names are counted by reply.
        self._cutter = NameCutter(None, public=config.public_suffix_list)
        self._slow_us: dict[str, float] = {}

    def count(
        self, messages: DnsMessages, bucket: Dns2Bucket, direction: int, side: Side, deep: Array
    ) -> None:
        """Count one direction of a batch; `deep` flags the messages looked at closely."""
        metrics = bucket.sides[direction]
        rows = side.reply
        if bucket.enabled("counters"):
            _count(messages, metrics, side)
        if bucket.enabled("quantiles") and len(rows):
            runs = Seconds.of(messages.timestamp_ns[rows])
            metrics.rate.add(runs.seconds, runs.count())
        close = deep[rows]
        side = side if close.all() else side.take(np.flatnonzero(close))
        rows = side.reply
        if not len(rows):
            return
        self._numbers(messages, bucket, metrics, side)
        named = np.flatnonzero(messages.question[rows] == READ)
        each = distinct_texts(lower_names(messages), rows[named])
        self._names(messages, bucket, metrics, each, rows[named])
        if bucket.enabled("xact_times"):
            self._times(metrics, each, side, named, direction)

    def learn_slow(self, sealed: Dns2Bucket) -> None:
        """Take what is slow, by direction, from a period that has ended."""
        for name, metrics in sealed.sides.items():
            threshold = metrics.time.quantile(0.90)
            if threshold is not None:
                self._slow_us[name] = threshold

    def _numbers(
        self, messages: DnsMessages, bucket: Dns2Bucket, metrics: DnsDirection, side: Side
    ) -> None:
        """Codes, types, ports, sizes and client subnets."""
        rows = side.reply
        if bucket.enabled("top_rcodes"):
            readable = rows[messages.question[rows] != UNREADABLE]
            metrics.top_rcode.add_numbers(messages.rcode[readable])
        if bucket.enabled("top_qtypes"):
            metrics.top_qtype.add_numbers(messages.qtype[rows[messages.question[rows] == READ]])
        if bucket.enabled("top_ports"):
            metrics.top_ports.add_numbers(messages.port[rows])
        if bucket.enabled("top_size"):
            metrics.ratio.add(messages.message_length[rows] / side.query_size)
        if side.subnet is not None:
            chosen = np.flatnonzero(side.subnet[0])
            metrics.ecs.add(len(chosen))
            if len(chosen):
                count_subnets(
                    self._settings,
                    side.subnet,
                    chosen,
                    metrics.top_ecs,
                    metrics.top_geo_ecs,
                    metrics.top_asn_ecs,
                )

    def _names(
        self,
        messages: DnsMessages,
        bucket: Dns2Bucket,
        metrics: DnsDirection,
        each: DistinctTexts,
        rows: Array,
    ) -> None:
        if bucket.enabled("cardinality"):
            # A sketch takes no empty text, so the root is not among the distinct names.
            metrics.qname.add(each.texts, np.flatnonzero(each.texts.length))
        if bucket.enabled("top_qnames"):
            cuts = cut_qnames(each.texts, self._cutter.suffixes(each.texts))
            metrics.top_qname2.add_texts(cuts.qname2, cuts.qname2.rows, each.weights)
            metrics.top_qname3.add_texts(cuts.qname3, cuts.qname3.rows, each.weights)
        if bucket.enabled("top_rcodes"):
            rcode = messages.rcode[rows]
            for top, code in (
                (metrics.top_noerror, NOERROR),
                (metrics.top_srvfail, SRVFAIL),
                (metrics.top_nxdomain, NXDOMAIN),
                (metrics.top_refused, REFUSED),
            ):
                top.add_distinct(each, each.weighed(rows[rcode == code]))
            nodata = (rcode == NOERROR) & (messages.answers[rows] == 0)
            metrics.top_nodata.add_distinct(each, each.weighed(rows[nodata]))
        if bucket.enabled("top_size"):
            metrics.top_bytes.add_distinct(each, each.weighed(rows, messages.message_length))

    def _times(
        self, metrics: DnsDirection, each: DistinctTexts, side: Side, named: Array, direction: int
    ) -> None:
        micros = side.elapsed_ns // 1000
        metrics.time.add(micros)
        metrics.histogram.add(micros)
        threshold = self._slow_us.get(("unknown", "in", "out")[direction])
        if threshold is not None:
            slow = side.reply[named[micros[named] >= threshold]]
            metrics.top_slow.add_distinct(each, each.weighed(slow))


def _count(messages: DnsMessages, metrics: DnsDirection, side: Side) -> None:
    rows = side.reply
    metrics.xacts.add(len(rows))
    metrics.timeouts.add(side.timeouts)
    metrics.orphans.add(side.orphans)
    transports = np.bincount(messages.transport[rows], minlength=3)
    metrics.udp.add(transports[UDP])
    metrics.tcp.add(transports[TCP])
    ipv6 = np.count_nonzero(messages.ip_version[rows] == 6)
    metrics.ipv4.add(len(rows) - ipv6)
    metrics.ipv6.add(ipv6)
    rcode = messages.rcode[rows]
    codes = np.bincount(rcode, minlength=16)
    metrics.noerror.add(codes[NOERROR])
    metrics.srvfail.add(codes[SRVFAIL])
    metrics.nxdomain.add(codes[NXDOMAIN])
    metrics.refused.add(codes[REFUSED])
    metrics.nodata.add(np.count_nonzero((rcode == NOERROR) & (messages.answers[rows] == 0)))
    flags = messages.flags[rows]
    metrics.authoritative.add(np.count_nonzero(flags & _AUTHORITATIVE))
    metrics.authenticated.add(np.count_nonzero(flags & _AUTHENTICATED))
    metrics.unchecked.add(np.count_nonzero(side.unchecked))
