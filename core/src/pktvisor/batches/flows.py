"""The direction of packets and the hash of their flows: the driver of the flow kernels."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from pktvisor._kernels import flows as kernel
from pktvisor.batches.columns import Array
from pktvisor.batches.hosts import Hosts

__all__ = ["FLOW_SEED", "directions", "flow_hashes"]

# One seed a process: whoever sends packets cannot aim at a slot of a flow-keyed table.
FLOW_SEED = int.from_bytes(os.urandom(8))

_ADDRESSES = (
    "ip_version", "source_hi", "source_lo", "destination_hi", "destination_lo", "network_offset",
)  # fmt: skip
_PORTS = ("source_port", "destination_port", "ip_protocol")


def directions(columns: Mapping[str, Array], hosts: Hosts) -> Array:
    """u8 a row: 1 in (the destination is a host), 2 out (the source is), 0 neither."""
    found = np.empty(len(columns["ip_version"]), np.uint8)
    prefixes = (hosts.v4[1], hosts.v4_mask[1], *hosts.v6, *hosts.v6_mask)
    kernel.directions(*(*(columns[name] for name in _ADDRESSES), *prefixes, found))
    return found


def flow_hashes(
    columns: Mapping[str, Array], rows: Array | None = None, seed: int = FLOW_SEED
) -> Array:
    """u64 a row: the same for both directions of a flow, 0 without a network header.

    Of `rows` alone, if they are given: others are not filled in.
    """
    found = np.empty(len(columns["ip_version"]), np.uint64)
    if rows is None:
        rows = np.arange(len(found))
    headers = (columns[name] for name in (*_ADDRESSES, *_PORTS))
    kernel.hashes(*(*headers, rows, seed, found))
    return found
