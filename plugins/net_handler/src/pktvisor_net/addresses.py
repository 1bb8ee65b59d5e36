"""Count the addresses of packets: how many there are, which are heaviest, where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import Addresses, CardinalityState, MetricSettings, TopNState

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase

__all__ = ["AddressMetrics", "destinations", "sources"]


def sources(batch: PacketBatch) -> Addresses:
    """The source addresses of a batch."""
    return Addresses(batch.ip_version, batch.source_hi, batch.source_lo)


def destinations(batch: PacketBatch) -> Addresses:
    """The destination addresses of a batch."""
    return Addresses(batch.ip_version, batch.destination_hi, batch.destination_lo)


@dataclass(frozen=True, eq=False, repr=False)
class AddressMetrics:
    """The metrics one address goes to, of one bucket and direction."""

    settings: MetricSettings
    cardinality: CardinalityState
    top_ipv4: TopNState
    top_ipv6: TopNState
    top_geo: TopNState
    top_asn: TopNState

    def count(self, addresses: Addresses, rows4: Array, rows6: Array) -> None:
        """Count the addresses of `rows4`, which are IPv4, and `rows6`, which are IPv6."""
        groups = self.settings.groups
        if "cardinality" in groups:
            self.cardinality.add(addresses, _in_order(rows4, rows6))
        for rows, top in ((rows4, self.top_ipv4), (rows6, self.top_ipv6)):
            if not len(rows):
                continue
            if "top_ips" in groups:
                top.add_addresses(addresses, rows)
            if "top_geo" in groups:
                _count_records(addresses, rows, self.settings.city, self.top_geo)
                _count_records(addresses, rows, self.settings.asn, self.top_asn)


def _in_order(rows4: Array, rows6: Array) -> Array:
    """Both as they arrived: a cardinality's bytes tell in which order its keys were new."""
    if not len(rows4) or not len(rows6):
        return rows4 if len(rows4) else rows6
    both = np.concatenate((rows4, rows6))
    both.sort(kind="stable")  # joins two ascending runs
    return both


def _count_records(
    addresses: Addresses, rows: Array, database: GeoDatabase | None, top: TopNState
) -> None:
    """Count the record codes of addresses; what they mean is looked up when it is shown."""
    if database is None:
        return
    codes = database.codes(addresses.version, addresses.hi, addresses.lo, rows)
    top.add_keys(codes.view(np.uint64), np.zeros(len(rows), np.uint64), np.arange(len(rows)))
