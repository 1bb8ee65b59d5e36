"""EDNS client subnets (RFC 7871) as top-N keys: the address, its place and its network."""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics import Entry, MetricSettings, PendingLookups, TopNState, ipv4_text, ipv6_text

__all__ = ["count_subnets", "subnet_text"]

_MAPPED = np.uint64(0xFFFF << 32)  # IPv4 counts as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2)


def subnet_text(entry: Entry) -> str:
    """The address of a subnet without its prefix length, as the original shows it."""
    hi, lo, _ = entry
    return (
        ipv4_text((0, lo & 0xFFFFFFFF, b"")) if not hi and lo >> 32 == 0xFFFF else ipv6_text(entry)
    )


def count_subnets(
    settings: MetricSettings,
    subnets: tuple[Array, Array, Array],
    rows: Array,
    addresses: TopNState,
    places: TopNState,
    networks: TopNState,
) -> None:
    """Count the subnets (version, hi and lo by row) of `rows`: address, place and network."""
    version, hi, lo = subnets
    addresses.add_keys(hi, np.where(version == 4, lo | _MAPPED, lo), rows)
    pending = PendingLookups.of(settings, places, networks)
    if pending is not None:
        for family in (4, 6):
            pending.add(family, hi, lo, rows[version[rows] == family])
