"""Count the addresses of packets: how many there are, which are heaviest, where they belong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import (
    Addresses,
    CardinalityState,
    Distinct,
    MetricSettings,
    TopNState,
    distinct,
)

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
        each4, each6 = (distinct((addresses.hi, addresses.lo), rows) for rows in (rows4, rows6))
        if "cardinality" in groups:
            self.cardinality.add(addresses, _in_order(each4.rows, each6.rows))
        for each, top in ((each4, self.top_ipv4), (each6, self.top_ipv6)):
            if not len(each.rows):
                continue
            if "top_ips" in groups:
                top.add_addresses(addresses, each.rows, each.weights)
            if "top_geo" in groups:
                self._count_records(addresses, each)

    def _count_records(self, addresses: Addresses, each: Distinct) -> None:
        """Count the record codes of addresses; what they mean is looked up when it is shown."""
        weights, places = each.weights[each.rows], np.arange(len(each.rows))
        for database, top in (
            (self.settings.city, self.top_geo),
            (self.settings.asn, self.top_asn),
        ):
            if database is not None:
                codes = database.codes(addresses.version, addresses.hi, addresses.lo, each.rows)
                top.add_keys(
                    codes.view(np.uint64), np.zeros_like(codes, np.uint64), places, weights
                )


def _in_order(rows4: Array, rows6: Array) -> Array:
    """Both as they arrived: a cardinality's bytes tell in which order its keys were new."""
    if not len(rows4) or not len(rows6):
        return rows4 if len(rows4) else rows6
    both = np.concatenate((rows4, rows6))
    both.sort(kind="stable")  # joins two ascending runs
    return both
