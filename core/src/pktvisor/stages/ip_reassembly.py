"""IP datagrams put together from fragments, in bounded memory: the driver of the kernel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pktvisor.batches import Array, Hosts, PacketBatch, Records, StageTable, decode
from pktvisor.batches.flows import FLOW_SEED
from pktvisor.batches.table import Selection
from pktvisor.later import later_module
from pktvisor.stages.stage import Stage

__all__ = ["Datagrams", "IpReassembly", "fragmented"]

kernel = later_module("pktvisor._kernels.ip_fragments")

_WAYS = 8
_DATAGRAMS = 1024
_PIECES = 8192
_BYTES = 4 << 20
_MOST = 128  # pieces of one datagram
_PATIENCE_NS = 30_000_000_000
_RAW = (228, 229)  # LINKTYPE_ of bare IPv4 and IPv6


def fragmented(batch: PacketBatch) -> bool:
    """Whether any packet of the batch is a fragment; use it with `batch.derived`."""
    return bool(batch.fragment.any())


class Datagrams(StageTable):
    """Datagrams whose last missing fragment was in this batch: at most one a packet.

    `packets` has one row each: what decoding the whole datagram gives, over an arena of its own;
    time, interface, VLAN and direction are those of the fragment that completed it.
    """

    def __init__(self, size: int, columns: Mapping[str, Array], packets: PacketBatch) -> None:
        super().__init__(size, columns)
        self.packets = packets

    def over(self, batch: PacketBatch, name: str) -> Array:
        """A column of `batch`, a datagram's own value in the row that completed it."""
        values = batch.column(name).copy()
        values[self.packet_row] = self.packets.column(name)
        return values

    def _selected(self, selection: Selection, size: int) -> Datagrams:
        table = super()._selected(selection, size)
        table.packets = self.packets._selected(selection, size)
        return table


class IpReassembly(Stage):
    """Reassembles the fragments of one stream: 1024 datagrams and 4 MiB at a time, 30 s each.

    A datagram of more than 128 fragments is given up; so is one with overlapping fragments.
    """

    def __init__(self) -> None:
        self._key = np.zeros((_DATAGRAMS, 5), np.uint64)
        self._time = np.full(_DATAGRAMS, -1, np.int64)
        self._dropped = np.zeros(_DATAGRAMS, np.uint8)
        self._next = np.zeros(_DATAGRAMS, np.uint8)
        self._head = np.full(_DATAGRAMS, -1, np.int32)
        self._count = np.zeros(_DATAGRAMS, np.int32)
        self._sizes = [np.zeros(_DATAGRAMS, np.int64) for _ in range(3)]
        self._ring = np.empty(_BYTES, np.uint8)
        self._piece_entry = np.full(_PIECES, -1, np.int32)
        self._piece_next = np.full(_PIECES, -1, np.int32)
        self._piece_place = [np.zeros(_PIECES, np.int64) for _ in range(3)]
        self._state = np.zeros(10, np.int64)
        empty = PacketBatch(np.empty(0, np.uint8), 0, PacketBatch.allocate(0))
        self._none = Datagrams(0, Datagrams.allocate(0), empty)

    def run(self, batch: PacketBatch) -> Datagrams:
        """The datagrams these packets complete."""
        if not batch.derived(fragmented, fragmented):
            return self._none
        rows = np.flatnonzero(batch.fragment)
        whole = [np.empty(len(rows), np.int64) for _ in range(3)]
        out = self._reassemble(batch, rows, whole)
        made = int(self._state[0])
        return _table(batch, out, *(column[:made] for column in whole))

    def counters(self) -> Mapping[str, int]:
        """Datagrams and fragments that led to nothing, so far, by reason."""
        names = (
            "ip_datagrams_evicted",
            "ip_datagrams_timed_out",
            "ip_datagrams_overlapping",
            "ip_fragments_duplicate",
            "ip_fragments_unusable",
        )
        return dict(zip(names, self._state[5:].tolist(), strict=True))

    def _reassemble(self, batch: PacketBatch, rows: Array, whole: list[Array]) -> Array:
        # All that is kept and all that comes could be written: untouched pages cost nothing.
        room = _BYTES + int(batch.captured_length[rows].sum()) + 40 * len(rows)
        out = np.empty(room, np.uint8)
        self._state[:2] = 0
        kernel.reassemble(
            batch.arena, FLOW_SEED, rows, batch.timestamp_ns, batch.frame_offset,
            batch.captured_length, batch.network_offset, batch.ip_version, batch.source_hi,
            batch.source_lo, batch.destination_hi, batch.destination_lo, _WAYS, _MOST,
            _PATIENCE_NS, self._key, self._time, self._dropped, self._next, self._head,
            self._count, *self._sizes, self._ring, self._piece_entry, self._piece_next,
            *self._piece_place, out, *whole, self._state,
        )  # fmt: skip
        return out


def _table(batch: PacketBatch, out: Array, row: Array, offset: Array, length: Array) -> Datagrams:
    lengths = length.astype(np.uint32)
    records = Records(
        arena=out,
        timestamp_ns=batch.timestamp_ns[row],
        captured_length=lengths,
        wire_length=lengths.copy(),
        frame_offset=offset,
        link_type=np.where(batch.ip_version[row] == 4, *_RAW).astype(np.uint16),
        interface=batch.interface[row],
    )
    packets = decode(records, Hosts())
    columns = {name: packets.column(name) for name in PacketBatch.columns}
    for name in ("direction", "vlan", "inner_vlan"):
        columns[name] = batch.column(name)[row]
    own = {"packet_row": row, "timestamp_ns": records.timestamp_ns}
    return Datagrams(len(row), own, PacketBatch(out, len(row), columns))
