"""DNS messages found in packets: over UDP as they come, over TCP in order and whole.

Ports 53, 5353, 5355 and 53000 on either end mean DNS. The stage yields one table, in arrival order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pktvisor._kernels import dns_walk
from pktvisor.batches import Array, Column, PacketBatch, StageTable
from pktvisor.batches.table import Selection
from pktvisor.stages.length_prefix import LengthPrefix
from pktvisor.stages.stage import Stage
from pktvisor.stages.tcp_streams import TcpStreams

__all__ = ["DnsMessages", "DnsMessagesStage"]

DNS_PORTS = (53, 5353, 5355, 53000)

_IS_DNS_PORT = np.zeros(65536, bool)
_IS_DNS_PORT[list(DNS_PORTS)] = True
_SHORTEST_OVER_TCP = 17  # a header and the smallest question


class DnsMessages(StageTable):
    """One row a DNS message; names are slices of `lower` and `sent` (same offsets in both)."""

    status = Column(np.uint8, "code", "0 ok, 1 malformed, 2 truncated by the capture")
    direction = Column(np.uint8, "code", "0 unknown, 1 in (to a host), 2 out (from a host)")
    ip_version = Column(np.uint8, "number", "4 or 6")
    transport = Column(np.uint8, "code", "1 UDP, 2 TCP")
    port = Column(np.uint16, "port", "port of the side that is not the DNS port")
    flow_hash = Column(np.uint64, "hash", "direction-independent hash of the 5-tuple")
    message_length = Column(np.int32, "bytes", "length of the DNS message")
    kind = Column(np.uint8, "code", "0 query, 1 reply, 2 header not readable")
    identifier = Column(np.uint16, "number", "message identifier")
    flags = Column(np.uint16, "bits", "second word of the header; the rcode in the low 4 bits")
    questions = Column(np.uint16, "records", "QDCOUNT")
    answers = Column(np.uint16, "records", "ANCOUNT")
    question = Column(np.uint8, "code", "first question: 0 read, 1 not readable, 2 none")
    qtype = Column(np.uint16, "number", "type of the first question")
    qclass = Column(np.uint16, "number", "class of the first question")
    name_offset = Column(np.int64, "offset", "start of the first question's name in the arenas")
    name_length = Column(np.int32, "bytes", "length of that name's text, 0 for the root")

    def __init__(self, size: int, columns: Mapping[str, Array], sent: Array, lower: Array) -> None:
        super().__init__(size, columns)
        self.sent = sent
        self.lower = lower

    def _selected(self, selection: Selection, size: int) -> DnsMessages:
        table = super()._selected(selection, size)
        table.sent = self.sent
        table.lower = self.lower
        return table


@dataclass
class _Part:
    """Messages that share an arena."""

    arena: Array
    row: Array
    offset: Array
    length: Array
    position: Array = field(default_factory=lambda: np.empty(0, np.int64))


class DnsMessagesStage(Stage):
    """Finds, reassembles and reads the DNS messages of one stream."""

    def __init__(self) -> None:
        self._streams = TcpStreams()
        self._framing = LengthPrefix(TcpStreams.lanes, _SHORTEST_OVER_TCP)
        self._sent = np.empty(1 << 18, np.uint8)
        self._lower = np.empty(1 << 18, np.uint8)

    def run(self, batch: PacketBatch) -> DnsMessages:
        """The DNS messages these packets complete."""
        transport = batch.transport
        whole = batch.fragment == 0
        interest = whole & (_IS_DNS_PORT[batch.source_port] | _IS_DNS_PORT[batch.destination_port])
        udp = np.flatnonzero(interest & (transport == 1))
        tcp = np.flatnonzero(interest & (transport == 2))
        port = np.where(
            _IS_DNS_PORT[batch.destination_port], batch.source_port, batch.destination_port
        )
        udp = udp[port[udp] != 0]
        parts = [_Part(batch.arena, udp, batch.payload_offset[udp], batch.payload_length[udp])]
        if len(tcp):
            for chunks in self._streams.chunks(batch, tcp[port[tcp] != 0]):
                parts.extend(
                    _keep(found.arena, found.row, found.offset, found.length)
                    for found in self._framing.messages(chunks)
                    if len(found.row)
                )
        return self._table(batch, port, parts)

    def counters(self) -> Mapping[str, int]:
        """What the TCP side gave up so far."""
        return {**self._streams.counters(), **self._framing.counters()}

    def _table(self, batch: PacketBatch, port: Array, parts: list[_Part]) -> DnsMessages:
        if len(parts) == 1:
            packet_row = parts[0].row
            parts[0].position = np.arange(len(packet_row))
        else:
            rows = np.concatenate([part.row for part in parts])
            order = np.argsort(rows, kind="stable")
            packet_row = rows[order]
            place = np.empty(len(rows), np.int64)
            place[order] = np.arange(len(rows))
            for part, position in zip(
                parts, np.split(place, np.cumsum([len(p.row) for p in parts])[:-1]), strict=True
            ):
                part.position = position
        size = len(packet_row)
        columns = DnsMessages.allocate(size)
        columns["packet_row"] = packet_row
        for name in ("timestamp_ns", "direction", "ip_version", "transport", "flow_hash"):
            columns[name] = getattr(batch, name)[packet_row]
        columns["port"] = port[packet_row]
        cut = (batch.captured_length < batch.wire_length)[packet_row].view(np.uint8)
        state = np.zeros(2, np.int64)
        offset = np.empty(size, np.int64)
        for part in parts:
            offset[part.position] = part.offset
            columns["message_length"][part.position] = part.length
            self._walk(part, offset, cut, columns, state)
        return DnsMessages(size, columns, self._sent, self._lower)

    def _walk(
        self, part: _Part, offset: Array, cut: Array, columns: dict[str, Array], state: Array
    ) -> None:
        at = 0
        while True:
            dns_walk.walk(
                part.arena, offset, columns["message_length"], cut, part.position, at,
                columns["status"], columns["kind"], columns["identifier"], columns["flags"],
                columns["questions"], columns["answers"], columns["question"], columns["qtype"],
                columns["qclass"], columns["name_offset"], columns["name_length"],
                self._sent, self._lower, np.empty(1, np.int64), state,
            )  # fmt: skip
            at = int(state[1])
            if at == len(part.position):
                return
            self._sent = _larger_copy(self._sent, int(state[0]))
            self._lower = _larger_copy(self._lower, int(state[0]))


def _keep(arena: Array, row: Array, offset: Array, length: Array) -> _Part:
    """A copy of messages whose arena is about to be reused."""
    low, high = int(offset.min()), int((offset + length).max())
    return _Part(arena[low:high].copy(), row.copy(), offset - low, length.copy())


def _larger_copy(arena: Array, used: int) -> Array:
    grown = np.empty(2 * len(arena), np.uint8)
    grown[:used] = arena[:used]
    return grown
