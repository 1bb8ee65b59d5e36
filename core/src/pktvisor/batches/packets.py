"""A batch of packets: what capture inputs emit and packet handlers read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, TypeVar

import numpy as np

from pktvisor.batches.columns import Array, Column
from pktvisor.batches.flows import flow_hashes
from pktvisor.batches.packet import Packet
from pktvisor.batches.table import Selection, Table

__all__ = ["PacketBatch", "PacketTable", "StageTable"]


class StageTable(Table):
    """What a stage found in the packets of a batch; rows are in arrival order.

    `packet_row` never decreases and says which packet completed each row.
    """

    packet_row = Column(np.int64, "row", "row of the packet that completed this entry")
    timestamp_ns = Column(np.int64, "ns", "time of that packet, since 1970-01-01 UTC")

    def of_packets(self, selection: Selection) -> Self:
        """The entries of the selected packets, with `packet_row` counted in the selection."""
        owner = self.packet_row
        if isinstance(selection, slice):
            first, last = np.searchsorted(owner, [selection.start, selection.stop])
            rows = np.arange(first, last)
            renumbered = owner[rows] - selection.start
        else:
            first = np.searchsorted(owner, selection, "left")
            count = np.searchsorted(owner, selection, "right") - first
            renumbered = np.repeat(np.arange(len(selection)), count)
            ends = np.cumsum(count)
            rows = np.arange(len(renumbered)) + np.repeat(first - (ends - count), count)
        table = self.take(rows)
        renumbered.flags.writeable = False
        table._columns["packet_row"] = renumbered
        return table


AnyStage = TypeVar("AnyStage", bound=StageTable)
PacketTable = type[StageTable]


class PacketBatch(Table):
    """Up to 16384 packets as columns over one arena of raw bytes.

    IPv4 addresses sit in the low 32 bits of the `_lo` columns; `ip_version` says how to read them.
    Offsets count from the start of `arena`; -1 means the header is not there.
    """

    timestamp_ns = Column(np.int64, "ns", "capture time since 1970-01-01 UTC, in arrival order")
    captured_length = Column(np.uint32, "bytes", "bytes of the frame that were captured")
    wire_length = Column(np.uint32, "bytes", "bytes of the frame on the wire")
    frame_offset = Column(np.int64, "offset", "start of the frame in the arena")
    link_type = Column(np.uint16, "number", "link-layer header type (LINKTYPE_ value)")
    interface = Column(np.uint16, "number", "capture interface within the stream")
    network_offset = Column(np.int64, "offset", "start of the IP header, -1 when there is none")
    transport_offset = Column(np.int64, "offset", "start of the UDP or TCP header, or -1")
    payload_offset = Column(np.int64, "offset", "start of what the last decoded header carries")
    payload_length = Column(np.int32, "bytes", "captured length of that payload")
    status = Column(np.uint8, "code", "0 ok, 1 malformed, 2 truncated, 3 unsupported link type")
    direction = Column(np.uint8, "code", "0 unknown, 1 in (to a host), 2 out (from a host)")
    ip_version = Column(np.uint8, "number", "4, 6, or 0 without IP; the outermost header")
    ip_protocol = Column(np.uint8, "number", "IANA protocol after IPv6 extension headers")
    transport = Column(np.uint8, "code", "1 UDP, 2 TCP, 0 neither or header not readable")
    fragment = Column(np.uint8, "code", "0 whole, 1 first fragment, 2 later fragment")
    source_hi = Column(np.uint64, "address", "upper half of the source address")
    source_lo = Column(np.uint64, "address", "lower half of the source address")
    destination_hi = Column(np.uint64, "address", "upper half of the destination address")
    destination_lo = Column(np.uint64, "address", "lower half of the destination address")
    source_port = Column(np.uint16, "port", "UDP or TCP source port, else 0")
    destination_port = Column(np.uint16, "port", "UDP or TCP destination port, else 0")
    tcp_flags = Column(np.uint8, "bits", "TCP flags, FIN in bit 0")
    tcp_sequence = Column(np.uint32, "bytes", "TCP sequence number")
    vlan = Column(np.uint16, "number", "outer VLAN identifier, 0 without a tag")
    inner_vlan = Column(np.uint16, "number", "second VLAN identifier, 0 without a second tag")
    flow_hash = Column(np.uint64, "hash", "direction-independent hash of the 5-tuple, seeded")

    def __init__(self, arena: Array, size: int, columns: Mapping[str, Array]) -> None:
        super().__init__(size, columns)
        self.arena = arena
        self._stages: dict[PacketTable, StageTable] = {}

    @property
    def nbytes(self) -> int:
        """Memory behind the columns and the arena."""
        return super().nbytes + self.arena.nbytes

    def column(self, name: str) -> Array:
        """The values of a column by name; those of `flow_hash` are made when first asked for."""
        if name == "flow_hash" and self._source is None and name not in self._columns:
            self._columns[name] = flow_hashes(self._columns)
            self._columns[name].flags.writeable = False
        return super().column(name)

    def flow_hashes(self, rows: Array) -> Array:
        """`flow_hash` (u64 by row) where only some rows are needed; the others mean nothing."""
        if "flow_hash" in self._columns or self._source is not None:
            return self.flow_hash
        return flow_hashes(self._columns, rows)

    def packet(self, row: int) -> Packet:
        """One row as an object, with its bytes: slow, see `Packet`."""
        return Packet(self, row)

    def add_stage(self, table: StageTable) -> None:
        """Attach a stage's output for this batch; the engine calls it before any handler runs."""
        self._stages[type(table)] = table

    def stage(self, kind: type[AnyStage]) -> AnyStage:
        """The table a stage made of this batch; KeyError unless `HandlerSpec.needs` names it."""
        found = self._stages.get(kind)
        if found is None:
            source = self._source
            if not isinstance(source, PacketBatch):
                raise KeyError(f"stage {kind.__name__} did not run: name it in HandlerSpec.needs")
            found = source.stage(kind).of_packets(self._selection)
            self._stages[kind] = found
        assert isinstance(found, kind)
        return found

    def of_entries(self, table: StageTable) -> Self:
        """One row for each entry of a stage's table: its packet, to which only this entry belongs.

        `table` counts `packet_row` in this batch, as `stage` gives it.
        """
        batch = self.take(table.packet_row)
        batch.add_stage(table.with_column("packet_row", np.arange(len(table))))
        return batch

    def _selected(self, selection: Selection, size: int) -> Self:
        batch = super()._selected(selection, size)
        batch.arena = self.arena
        batch._stages = {}
        return batch
