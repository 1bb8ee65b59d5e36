"""What a batch of packets is, counted in one pass: by direction, second, protocol and size."""

from __future__ import annotations

import numpy as np

from pktvisor._kernels import packet_tally as kernel
from pktvisor.batches import Array, PacketBatch

__all__ = ["IN", "OUT", "UNKNOWN", "PacketTally", "Tallier"]

UNKNOWN, IN, OUT = 0, 1, 2
_NONE = np.empty(0, np.uint8)
_NO_SIZES = np.empty(0, np.int64)
_NO_ADDRESSES = np.empty((8, 0), np.int64)


class PacketTally:
    """Counts of the accepted packets of a batch; the first index of each is the direction.

    `packets` and `octets` are by second: `packets[direction, i]` belongs to second i of the runs
    the tally was made with. All int64.
    """

    def __init__(
        self,
        packets: Array,
        octets: Array,
        kinds: Array,
        special: Array,
        rows: Array,
        number: Array,
    ) -> None:
        self.packets = packets
        self.octets = octets
        self._kinds = kinds
        self._special = special
        self._rows = rows
        self._number = number

    def total(self, direction: int) -> int:
        """Packets of a direction."""
        return int(self.packets[direction].sum())

    def protocols(self, direction: int) -> list[int]:
        """Packets of a direction: UDP, TCP, neither, IPv4, IPv6, and deep ones with TCP's SYN."""
        kinds = self._kinds[direction].reshape(3, 3)
        other, udp, tcp = kinds.sum(axis=0).tolist()
        _, ipv4, ipv6 = kinds.sum(axis=1).tolist()
        return [udp, tcp, other, ipv4, ipv6, int(self._special[direction, 1])]

    def too_long(self, direction: int) -> int:
        """Frames of a direction whose length was not counted in a table of sizes."""
        return int(self._special[direction, 0])

    def addresses(self, direction: int, version: int, *, destination: bool = False) -> Array:
        """The rows of deep packets with an address of an IP version (4 or 6) to count.

        It is the address of the remote end: the source of incoming packets, the destination of
        outgoing ones. Of unknown direction both ends count: sources, or with `destination` these.
        Rows whose address is the unspecified one are left out. A view: valid until the next tally.
        """
        which = direction - 1 if direction else 3 if destination else 2
        group = 2 * which + (version == 6)
        return self._rows[group, : self._number[group]]


class Tallier:
    """Makes tallies; keeps the room for row numbers between batches."""

    def __init__(self) -> None:
        self._rows = _NO_ADDRESSES

    def tally(
        self,
        batch: PacketBatch,
        starts: Array,
        *,
        accepted: Array | None = None,
        deep: Array | None = None,
        sizes: tuple[Array, Array, Array] = (_NO_SIZES, _NO_SIZES, _NO_SIZES),
        addresses: bool = True,
    ) -> PacketTally:
        """Count a batch whose seconds start at the rows `starts` (int64, the first is 0).

        `accepted` and `deep` are bool columns, None for all. Captured lengths are counted in
        `sizes`, a table for each direction (int64, the same one may serve all): one more at the
        index that is the length.
        """
        rows = len(batch)
        if addresses and self._rows.shape[1] < rows:
            self._rows = np.empty((8, rows), np.int64)
        packets = np.zeros((len(starts), 3), np.int64)
        octets = np.zeros((len(starts), 3), np.int64)
        kinds = np.zeros((3, 9), np.int64)
        special = np.zeros((3, 2), np.int64)
        number = np.zeros(8, np.int64)
        kernel.tally(
            batch.direction,
            batch.captured_length,
            batch.ip_version,
            batch.transport,
            batch.fragment,
            batch.tcp_flags,
            batch.source_hi,
            batch.source_lo,
            batch.destination_hi,
            batch.destination_lo,
            _NONE if accepted is None else accepted.view(np.uint8),
            _NONE if deep is None else deep.view(np.uint8),
            starts,
            *sizes,
            sizes[0] is sizes[1] is sizes[2],
            packets,
            octets,
            kinds,
            special,
            self._rows if addresses else _NO_ADDRESSES,
            number,
        )
        return PacketTally(packets.T, octets.T, kinds, special, self._rows, number)
