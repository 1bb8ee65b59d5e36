"""`subnets`: the remote address cut to its prefix, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor import PacketBatch, StreamHandler
from pktvisor.metrics import Addresses, distinct
from pktvisor_subnets.bucket import SubnetsBucket

Column = np.ndarray[Any, Any]

IN, OUT = 1, 2


class SubnetsHandler(StreamHandler[PacketBatch, SubnetsBucket]):
    """Counts packets and bytes by the subnet of the remote end."""

    def update(self, batch: PacketBatch, bucket: SubnetsBucket) -> Column:
        """Count a batch; hands on the packets it counted."""
        rows = np.flatnonzero((batch.direction != 0) & (batch.ip_version != 0))
        bucket.packets.add(len(rows))
        bucket.octets.add(batch.wire_length[rows].sum())
        if not len(rows):
            return rows
        # Two handlers with equal settings on one stream work the columns out once.
        key = ("subnets", self.config.ipv4_length, self.config.ipv6_length)
        upper, rest = batch.derived(key, self._keys)
        each = distinct((upper, rest), rows, batch.wire_length)
        if bucket.enabled("cardinality"):
            # Few are left after grouping, so two columns for them cost little.
            four = batch.ip_version == 4
            high, low = np.where(four, 0, upper), np.where(four, upper, 0)
            bucket.subnets.add(Addresses(batch.ip_version, high, low), each.rows)
        if bucket.enabled("top_subnets"):
            bucket.top_packets.add_keys(upper, rest, each.rows, each.weights)
            bucket.top_bytes.add_keys(upper, rest, each.rows, each.totals)
        return rows

    def _keys(self, batch: PacketBatch) -> tuple[Column, Column]:
        """Each packet's subnet: the prefix, and its length with a bit for IPv6."""
        outgoing = batch.direction == OUT
        high = np.where(outgoing, batch.destination_hi, batch.source_hi)
        low = np.where(outgoing, batch.destination_lo, batch.source_lo)
        four = batch.ip_version == 4
        length4, length6 = self.config.ipv4_length, self.config.ipv6_length
        mask4 = np.uint64((0xFFFFFFFF << (32 - length4)) & 0xFFFFFFFF)
        mask6 = np.uint64((0xFFFFFFFFFFFFFFFF << (64 - length6)) & 0xFFFFFFFFFFFFFFFF)
        upper = np.where(four, low & mask4, high & mask6)
        rest = np.where(four, np.uint64(length4), np.uint64(length6 | 0x100))
        return upper, rest
