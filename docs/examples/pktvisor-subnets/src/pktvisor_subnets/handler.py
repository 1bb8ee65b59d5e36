"""`subnets`: the remote address cut to its prefix, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor import PacketBatch, StreamHandler
from pktvisor.metrics import Addresses, distinct
from pktvisor.streams import HandlerContext
from pktvisor_subnets.bucket import SubnetsBucket
from pktvisor_subnets.config import SubnetsConfig

Column = np.ndarray[Any, Any]

OUT = 2


class SubnetsHandler(StreamHandler[PacketBatch, SubnetsBucket]):
    """Counts packets and bytes by the subnet of the remote end."""

    def __init__(self, config: SubnetsConfig, context: HandlerContext) -> None:
        """Prepare what depends on the settings alone: indexed by IP version, so no row is asked."""
        super().__init__(config, context)
        length4, length6 = config.ipv4_length, config.ipv6_length
        self._masks = np.zeros(7, np.uint64)
        self._masks[4] = (0xFFFFFFFF << (32 - length4)) & 0xFFFFFFFF
        self._masks[6] = (0xFFFFFFFFFFFFFFFF << (64 - length6)) & 0xFFFFFFFFFFFFFFFF
        self._kinds = np.zeros(7, np.uint64)
        self._kinds[4], self._kinds[6] = length4, length6 | 0x100

    def update(self, batch: PacketBatch, bucket: SubnetsBucket) -> Column:
        """Count a batch; hands on the packets it counted."""
        rows = np.flatnonzero((batch.direction != 0) & (batch.ip_version != 0))
        if not len(rows):
            return rows
        # Two handlers with equal settings on one stream work the columns out once.
        key = ("subnets", self.config.ipv4_length, self.config.ipv6_length)
        upper, kind = batch.derived(key, self._keys)
        # Each subnet once from here on: a batch has far fewer of them than packets.
        each = distinct((upper, kind), rows, batch.wire_length)
        bucket.packets.add(len(rows))
        bucket.octets.add(each.totals.sum())
        if bucket.enabled("cardinality"):
            version, prefix = batch.ip_version[each.rows], upper[each.rows]
            of_four = prefix & _bits(version == 4)
            found = Addresses(version, prefix ^ of_four, of_four)
            bucket.subnets.add(found, np.arange(len(prefix)))
        if bucket.enabled("top_bytes"):
            bucket.top_bytes.add_keys(upper, kind, each.rows, each.totals)
        if bucket.enabled("top_packets"):
            bucket.top_packets.add_keys(upper, kind, each.rows, each.weights)
        return rows

    def _keys(self, batch: PacketBatch) -> tuple[Column, Column]:
        """Each packet's subnet: the prefix, and its length with a bit for IPv6."""
        outgoing = _bits(batch.direction == OUT)
        four = _bits(batch.ip_version == 4)
        low = _either(outgoing, batch.destination_lo, batch.source_lo)
        high = _either(outgoing, batch.destination_hi, batch.source_hi)
        prefix = _either(four, low, high)
        prefix &= self._masks[batch.ip_version]
        return prefix, self._kinds[batch.ip_version]


def _bits(mask: Column) -> Column:
    """A bool column as 64 bits a row, all of them set or none."""
    return -mask.astype(np.uint64)


def _either(bits: Column, one: Column, other: Column) -> Column:
    """`np.where` for columns of 64 bits, three times as fast where the mask has no pattern."""
    chosen = one ^ other
    chosen &= bits
    chosen ^= other
    return chosen
