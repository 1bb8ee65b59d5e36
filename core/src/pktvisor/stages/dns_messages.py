"""DNS messages found in packets: over UDP as they come, over TCP in order, fragments joined.

Ports 53, 5353, 5355 and 53000 on either end mean DNS. The stage yields one table, in arrival order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from pktvisor._kernels import dns_find, dns_records, dns_walk
from pktvisor.batches import Array, Column, PacketBatch, StageTable
from pktvisor.batches.table import Selection, Table
from pktvisor.metrics.keys import Texts
from pktvisor.stages.ip_reassembly import Datagrams, fragmented
from pktvisor.stages.length_prefix import LengthPrefix
from pktvisor.stages.stage import Stage
from pktvisor.stages.tcp_streams import TcpStreams

__all__ = ["DnsMessages", "DnsMessagesStage"]

DNS_PORTS = (53, 5353, 5355, 53000)

_LONGEST_TEXT = 1024  # of a name: 255 bytes, each written as four at worst
_IS_DNS_PORT = np.packbits(np.isin(np.arange(65536), DNS_PORTS), bitorder="little")
_SHORTEST_OVER_TCP = 17  # a header and the smallest question
_BEHIND_QUESTION = ("signed", "ecs_version", "ecs_prefix", "ecs_hi", "ecs_lo")


# How a byte of a name is written; 0 stands for an escape (see the kernel).
_AS_SENT = np.arange(256, dtype=np.uint8)
_AS_SENT[[*range(33), *b".\\", *range(127, 256)]] = 0
_LOWERED = _AS_SENT.copy()
_LOWERED[65:91] += 32


@dataclass(eq=False, repr=False)
class Part:
    """Messages that share an arena; `position` is their row in the table."""

    arena: Array
    row: Array
    offset: Array
    length: Array
    position: Array = field(default_factory=lambda: np.empty(0, np.int64))


class DnsMessages(StageTable):
    """One row a DNS message; names are slices of `lower`, in lower case."""

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
    additional = Column(np.uint16, "records", "ARCOUNT")
    rcode = Column(np.uint16, "code", "response code, with the upper bits of a reply's OPT record")
    question = Column(np.uint8, "code", "first question: 0 read, 1 not readable, 2 none")
    qtype = Column(np.uint16, "number", "type of the first question")
    qclass = Column(np.uint16, "number", "class of the first question")
    name_offset = Column(np.int64, "offset", "start of the first question's name in the arenas")
    name_length = Column(np.int32, "bytes", "length of that name's text, 0 for the root")
    signed = Column(np.uint8, "flag", "1 when the answers hold an RRSIG record")
    ecs_version = Column(np.uint8, "number", "EDNS client subnet: 4 or 6, 0 without a usable one")
    ecs_prefix = Column(np.uint8, "bits", "its source prefix length")
    ecs_hi = Column(np.uint64, "address", "upper half of its address")
    ecs_lo = Column(np.uint64, "address", "lower half of its address")

    def __init__(
        self,
        size: int,
        columns: Mapping[str, Array],
        lower: Array,
        offset: Array,
        parts: Sequence[Part],
    ) -> None:
        super().__init__(size, columns)
        self.lower = lower
        self._offset = offset
        self._parts = parts

    def column(self, name: str) -> Array:
        """The values of a column; those behind the question are read when first asked for."""
        if name in _BEHIND_QUESTION and self._source is None and name not in self._columns:
            self._read_records()
        return super().column(name)

    @property
    def sent(self) -> Array:
        """Like `lower`, with the same offsets, in the case the names were sent in."""
        rows = np.flatnonzero(self.question == 0)
        text = np.zeros(len(self.lower), np.uint8)
        self._write_names(rows, self.name_offset[rows], text)
        return text

    def names_as_sent(self, rows: Array) -> Texts:
        """The names of `rows` (their questions were read) in the case they were sent in, in order."""
        length = self.name_length[rows]
        place = np.cumsum(length, dtype=np.int64) - length
        text = np.zeros(int(length.sum()), np.uint8)
        self._write_names(rows, place, text)
        return Texts(text, place, length, np.arange(len(rows)))

    def _write_names(self, rows: Array, place: Array, text: Array) -> None:
        table: Table = self
        while table._source is not None:
            chosen = table._selection
            rows = rows + chosen.start if isinstance(chosen, slice) else chosen[rows]
            table = table._source
        assert isinstance(table, DnsMessages)
        owner = np.zeros(len(table), np.int64)
        for number, part in enumerate(table._parts):
            owner[part.position] = number
        for number, part in enumerate(table._parts):
            mine = owner[rows] == number
            dns_walk.names(
                part.arena, table._offset, table.message_length, rows[mine], _AS_SENT, place[mine],
                text, np.empty(1, np.int64),
            )  # fmt: skip

    def _read_records(self) -> None:
        columns = {name: np.zeros(len(self), self.columns[name].dtype) for name in _BEHIND_QUESTION}
        wanted = (self.additional | self.answers) != 0
        for part in self._parts:
            rows = part.position[wanted[part.position]]
            dns_records.records(
                part.arena, self._offset, self.message_length, rows, *columns.values(),
                np.empty(1, np.int64),
            )  # fmt: skip
        for name, values in columns.items():
            values.flags.writeable = False
            self._columns[name] = values

    def _selected(self, selection: Selection, size: int) -> DnsMessages:
        table = super()._selected(selection, size)
        table.lower = self.lower
        return table


class DnsMessagesStage(Stage):
    """Finds, reassembles and reads the DNS messages of one stream."""

    needs: ClassVar[frozenset[str]] = frozenset({"ip_reassembly"})

    def __init__(self) -> None:
        self._streams = TcpStreams()
        self._framing = LengthPrefix(TcpStreams.lanes, _SHORTEST_OVER_TCP)
        self._lower = np.empty(1 << 18, np.uint8)

    def run(self, batch: PacketBatch) -> DnsMessages:
        """The DNS messages these packets complete."""
        ports, flows, parts = self._find(batch)
        transport = batch.transport
        if batch.derived(fragmented, fragmented):
            whole = batch.stage(Datagrams)
            rows, flows = whole.packet_row, flows.copy()
            ports[rows], flows[rows], found = self._find(whole.packets)
            parts += [replace(part, row=rows[part.row]) for part in found]
            transport = whole.over(batch, "transport")
        return self._table(batch, (transport, flows, ports), parts)

    def counters(self) -> Mapping[str, int]:
        """What the TCP side gave up so far."""
        return {**self._streams.counters(), **self._framing.counters()}

    def _find(self, packets: PacketBatch) -> tuple[Array, Array, list[Part]]:
        """The port of the other side and the flow hash by packet (of those that have a message), and
        where the messages are: UDP first, then TCP.
        """
        size = len(packets)
        port = np.empty(size, np.uint16)
        udp, tcp = np.empty(size, np.int64), np.empty(size, np.int64)
        state = np.zeros(2, np.int64)
        dns_find.find(
            packets.transport, packets.fragment, packets.source_port, packets.destination_port,
            _IS_DNS_PORT, port, udp, tcp, state,
        )  # fmt: skip
        udp, tcp = udp[: state[0]], tcp[: state[1]]
        flows = packets.flow_hashes(np.concatenate((udp, tcp)) if len(tcp) else udp)
        parts = [Part(packets.arena, udp, packets.payload_offset[udp], packets.payload_length[udp])]
        if len(tcp):
            for chunks in self._streams.chunks(packets, tcp, flows):
                parts.extend(
                    _keep(found.arena, found.row, found.offset, found.length)
                    for found in self._framing.messages(chunks)
                    if len(found.row)
                )
        return port, flows, parts

    def _table(
        self, batch: PacketBatch, headers: tuple[Array, Array, Array], parts: list[Part]
    ) -> DnsMessages:
        packet_row = _in_order(parts)
        size = len(packet_row)
        columns = {
            name: np.empty(size, column.dtype)
            for name, column in DnsMessages.columns.items()
            if name not in _BEHIND_QUESTION
        }
        columns["packet_row"] = packet_row
        cut = np.empty(size, np.uint8)
        dns_find.headers(
            packet_row, batch.captured_length, batch.wire_length, batch.timestamp_ns,
            batch.direction, batch.ip_version, *headers, cut, columns["timestamp_ns"],
            columns["direction"], columns["ip_version"], columns["transport"],
            columns["flow_hash"], columns["port"],
        )  # fmt: skip
        state = np.zeros(2, np.int64)
        offset, behind = np.empty(size, np.int64), np.empty(size, np.int32)
        for part in parts:
            offset[part.position] = part.offset
            columns["message_length"][part.position] = part.length
            self._walk(part, offset, cut, columns, behind, state)
            dns_records.extend_rcodes(
                part.arena, offset, columns["message_length"], part.position, columns["flags"],
                behind, columns["additional"], columns["rcode"], np.empty(1, np.int64),
            )  # fmt: skip
        return DnsMessages(size, columns, self._lower, offset, parts)

    def _walk(
        self, part: Part, offset: Array, cut: Array, columns: dict[str, Array], behind: Array,
        state: Array,
    ) -> None:  # fmt: skip
        at = 0
        while True:
            dns_walk.walk(
                part.arena, offset, columns["message_length"], cut, part.position, at,
                columns["status"], columns["kind"], columns["identifier"], columns["flags"],
                columns["questions"], columns["answers"], columns["additional"], columns["rcode"],
                columns["question"], columns["qtype"], columns["qclass"], columns["name_offset"],
                columns["name_length"], behind,
                _LOWERED, self._lower, np.empty(1, np.int64), state,
            )  # fmt: skip
            before, at = at, int(state[1])
            if at == len(part.position):
                return
            if at == before and len(self._lower) - int(state[0]) > _LONGEST_TEXT:
                raise RuntimeError("the DNS walk stands still with room to spare: run make build")
            self._lower = _larger_copy(self._lower, int(state[0]))


def _in_order(parts: Sequence[Part]) -> Array:
    """Give every message its place in arrival order; the packet row of each place."""
    first, later = parts[0], parts[1:]
    if not later:
        first.position = np.arange(len(first.row))
        return first.row
    # The rows of the first part (UDP) ascend. Those of the later ones (TCP) do so together, unless
    # some are of reassembled datagrams; what one packet completes stays in order.
    rows = np.concatenate([part.row for part in later])
    order = np.argsort(rows, kind="stable")
    first.position = np.empty(len(first.row), np.int64)
    packet_row, merged = np.empty(len(first.row) + len(rows), np.int64), np.empty_like(rows)
    dns_find.merge(first.row, rows[order], packet_row, first.position, merged)
    places = np.empty_like(rows)
    places[order] = merged
    ends = np.cumsum([len(part.row) for part in later])
    for part, end in zip(later, ends.tolist(), strict=True):
        part.position = places[end - len(part.row) : end]
    return packet_row


def _keep(arena: Array, row: Array, offset: Array, length: Array) -> Part:
    """A copy of messages whose arena is about to be reused."""
    low, high = int(offset.min()), int((offset + length).max())
    return Part(arena[low:high].copy(), row.copy(), offset - low, length.copy())


def _larger_copy(arena: Array, used: int) -> Array:
    grown = np.empty(2 * len(arena), np.uint8)
    grown[:used] = arena[:used]
    return grown
