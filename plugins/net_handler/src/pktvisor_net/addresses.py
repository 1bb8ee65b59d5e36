"""Count the addresses of packets: how many there are, which are heaviest, where they belong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import (
    Addresses,
    CardinalityState,
    MetricSettings,
    PendingLookups,
    TopNState,
    distinct,
)

__all__ = ["AddressMetrics", "End", "destinations", "sources"]

_NO_HALVES = np.empty(0, np.uint64)


def sources(batch: PacketBatch) -> Addresses:
    """The source addresses of a batch."""
    return Addresses(batch.ip_version, batch.source_hi, batch.source_lo)


def destinations(batch: PacketBatch) -> Addresses:
    """The destination addresses of a batch."""
    return Addresses(batch.ip_version, batch.destination_hi, batch.destination_lo)


class End(NamedTuple):
    """Packets whose address at one end counts: rows with IPv4, rows with IPv6."""

    addresses: Addresses
    cardinality: CardinalityState
    rows4: Array
    rows6: Array


class _Counted(NamedTuple):
    """Distinct addresses of one IP version, and how many packets have each."""

    hi: Array
    lo: Array
    weights: Array


_NOBODY = _Counted(_NO_HALVES, _NO_HALVES, np.empty(0, np.int64))


class AddressMetrics(NamedTuple):
    """The lists that addresses go to, of one bucket and direction."""

    settings: MetricSettings
    top_ipv4: TopNState
    top_ipv6: TopNState
    top_geo: TopNState
    top_asn: TopNState

    def add(self, *ends: End) -> None:
        """Count the addresses of packets: those of each end, and in the lists all together."""
        groups = self.settings.groups
        found: tuple[list[_Counted], list[_Counted]] = ([], [])
        for addresses, cardinality, rows4, rows6 in ends:
            each = [distinct((addresses.hi, addresses.lo), rows) for rows in (rows4, rows6)]
            if "cardinality" in groups:
                cardinality.add(addresses, _in_order(each[0].rows, each[1].rows))
            for counted, (rows, weights, _) in zip(found, each, strict=True):
                if len(rows):
                    counted.append(_Counted(addresses.hi[rows], addresses.lo[rows], weights[rows]))
        joined = [_joined(counted) for counted in found]
        tops = {4: self.top_ipv4, 6: self.top_ipv6} if "top_ips" in groups else {}
        pending = None
        if "top_geo" in groups:
            pending = PendingLookups.of(self.settings, self.top_geo, self.top_asn, tops)
        for version, (hi, lo, weights) in zip((4, 6), joined, strict=True):
            if pending is not None:
                pending.add(version, hi, lo, np.arange(len(hi)), weights)
            elif version in tops:
                tops[version].add_keys(hi, lo, np.arange(len(hi)), weights)


def _joined(counted: list[_Counted]) -> _Counted:
    """What several ends have in common, once: who asks also gets the answers."""
    if not counted:
        return _NOBODY
    if len(counted) == 1:
        return counted[0]
    hi, lo, weights = (np.concatenate(columns) for columns in zip(*counted, strict=True))
    rows, _, totals = distinct((hi, lo), np.arange(len(hi)), weights.astype(np.uint32))
    return _Counted(hi[rows], lo[rows], totals[rows])


def _in_order(rows4: Array, rows6: Array) -> Array:
    """Both as they arrived: a cardinality's bytes tell in which order its keys were new."""
    if not len(rows4) or not len(rows6):
        return rows4 if len(rows4) else rows6
    both = np.concatenate((rows4, rows6))
    both.sort(kind="stable")  # joins two ascending runs
    return both
