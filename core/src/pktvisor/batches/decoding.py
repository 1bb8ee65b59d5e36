"""Turn capture records into a `PacketBatch`: the driver of the decode kernel."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from pktvisor._kernels import decode as kernel
from pktvisor.batches.columns import Array
from pktvisor.batches.hosts import Hosts
from pktvisor.batches.packets import PacketBatch

__all__ = ["FLOW_SEED", "Records", "decode"]

# One seed a process: whoever sends packets cannot aim at a slot of a flow-keyed table.
FLOW_SEED = int.from_bytes(os.urandom(8))

_FROM_RECORD = frozenset(
    {"timestamp_ns", "captured_length", "wire_length", "frame_offset", "link_type", "interface"}
)
_DECODED = tuple(name for name in PacketBatch.columns if name not in _FROM_RECORD)


@dataclass(frozen=True)
class Records:
    """Frames found by a reader, before decoding: six equally long columns over an arena."""

    arena: Array
    timestamp_ns: Array
    captured_length: Array
    wire_length: Array
    frame_offset: Array
    link_type: Array
    interface: Array

    def __len__(self) -> int:
        return len(self.timestamp_ns)

    def take(self, rows: Array) -> Records:
        """The given rows over the same arena."""
        return Records(
            self.arena, **{name: getattr(self, name)[rows] for name in sorted(_FROM_RECORD)}
        )


def decode(records: Records, hosts: Hosts, seed: int = FLOW_SEED) -> PacketBatch:
    """Decode link, network and transport headers of every record.

    Never raises for what the frames contain; see the `status` column.
    """
    size = len(records)
    columns = {name: getattr(records, name) for name in _FROM_RECORD}
    for name in _DECODED:
        columns[name] = np.empty(size, PacketBatch.columns[name].dtype)
    kernel.decode(
        records.arena,
        seed,
        columns["frame_offset"],
        columns["captured_length"],
        columns["wire_length"],
        columns["link_type"],
        hosts.v4[1],
        hosts.v4_mask[1],
        hosts.v4[0],
        hosts.v6[0],
        hosts.v6[1],
        hosts.v6_mask[0],
        hosts.v6_mask[1],
        *(columns[name] for name in _DECODED),
        np.empty(2, np.uint16),
    )
    return PacketBatch(records.arena, size, columns)
