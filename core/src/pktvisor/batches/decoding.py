"""Turn capture records into a `PacketBatch`: the driver of the decode kernels."""

from __future__ import annotations

import numpy as np

from pktvisor._kernels import decode as kernel
from pktvisor.batches.columns import Array
from pktvisor.batches.flows import directions
from pktvisor.batches.hosts import Hosts
from pktvisor.batches.packets import PacketBatch
from pktvisor.later import later_module

__all__ = ["DEEPEST", "Records", "decode"]

links = later_module("pktvisor._kernels.links")
tunnels = later_module("pktvisor._kernels.tunnels")

DEEPEST = 4
"""Tunnels inside each other that decapsulation enters; what is deeper stays inside."""

_MOST_LINKS = 4  # link layers in a row, as in Ethernet over MPLS over PPPoE over Ethernet

_FROM_RECORD = frozenset(
    {"timestamp_ns", "captured_length", "wire_length", "frame_offset", "link_type", "interface"}
)
_FROM_HEADERS = frozenset({"direction", "flow_hash"})
_DECODED = tuple(n for n in PacketBatch.columns if n not in _FROM_RECORD | _FROM_HEADERS)


class Records:
    """Frames found by a reader, before decoding: six equally long columns over an arena."""

    def __init__(
        self,
        arena: Array,
        timestamp_ns: Array,
        captured_length: Array,
        wire_length: Array,
        frame_offset: Array,
        link_type: Array,
        interface: Array,
    ) -> None:
        self.arena = arena
        self.timestamp_ns = timestamp_ns
        self.captured_length = captured_length
        self.wire_length = wire_length
        self.frame_offset = frame_offset
        self.link_type = link_type
        self.interface = interface

    def __len__(self) -> int:
        return len(self.timestamp_ns)

    def take(self, rows: Array) -> Records:
        """The given rows over the same arena."""
        return Records(
            self.arena, **{name: getattr(self, name)[rows] for name in sorted(_FROM_RECORD)}
        )


def decode(records: Records, hosts: Hosts, *, decapsulate: bool = False) -> PacketBatch:
    """Decode link, network and transport headers of every record.

    The columns tell of the outermost IP packet, or with `decapsulate` of the innermost one that
    tunnels carry, `DEEPEST` tunnels down at most; lengths and times are the frame's in both cases.
    Never raises for what the frames contain; see the `status` column.
    """
    size = len(records)
    columns = {name: getattr(records, name) for name in _FROM_RECORD}
    for name in _DECODED:
        columns[name] = np.empty(size, PacketBatch.columns[name].dtype)
    reading = _Reading(records, columns)
    reading.frames()
    if decapsulate:
        reading.enter_tunnels()
    columns["direction"] = directions(columns, hosts)
    return PacketBatch(records.arena, size, columns)


class _Reading:
    """The columns of one batch while they are filled; rows go through the kernels again as needed."""

    def __init__(self, records: Records, columns: dict[str, Array]) -> None:
        self._records = records
        self._columns = columns
        self._every = np.arange(len(records))
        self._place: tuple[Array, Array, Array] | None = None
        self._later = np.empty(len(records), np.int64)
        self._again = np.empty(len(records), np.int64)
        self._state = np.zeros(1, np.int64)

    def frames(self) -> None:
        """Read every frame up to its outermost packet."""
        records = self._records
        first = (records.frame_offset, records.captured_length, records.link_type)
        later = self._read(self._every, first, inside=False)
        if len(later):
            self._follow_links(later)

    def enter_tunnels(self) -> None:
        """Go on to the packets inside, as long as there are any."""
        columns, rows = self._columns, self._every
        for _ in range(DEEPEST):
            tunnels.enter(
                self._records.arena, rows, columns["captured_length"], columns["wire_length"],
                columns["payload_offset"], columns["payload_length"], columns["ip_version"],
                columns["ip_protocol"], columns["transport"], columns["fragment"],
                columns["destination_port"], columns["status"], *self._places(), self._again,
                self._state,
            )  # fmt: skip
            rows = self._again[: self._state[0]].copy()
            if not len(rows):
                return
            self._follow_links(self._read(rows, self._places(), inside=True))

    def _follow_links(self, later: Array) -> None:
        columns = self._columns
        for _ in range(_MOST_LINKS):
            if not len(later):
                return
            links.follow(
                self._records.arena, later, columns["captured_length"], columns["wire_length"],
                columns["payload_offset"], columns["payload_length"], columns["status"],
                *self._places(), self._again, self._state,
            )  # fmt: skip
            later = self._read(self._again[: self._state[0]], self._places(), inside=True)
        columns["payload_offset"][later] = -1
        columns["payload_length"][later] = 0

    def _places(self) -> tuple[Array, Array, Array]:
        """Start, length and link type of what to read next in each row; made when first needed."""
        if self._place is None:
            records = self._records
            found = (records.frame_offset, records.captured_length, records.link_type)
            self._place = (found[0].copy(), found[1].copy(), found[2].copy())
        return self._place

    def _read(self, rows: Array, place: tuple[Array, Array, Array], *, inside: bool) -> Array:
        """Run the decode kernel over `rows`; returns those whose link it does not know."""
        columns = self._columns
        kernel.decode(
            self._records.arena, rows, inside, *place, columns["captured_length"],
            columns["wire_length"], *(columns[name] for name in _DECODED),
            np.empty(2, np.uint16), self._later, self._state,
        )  # fmt: skip
        return self._later[: self._state[0]]
