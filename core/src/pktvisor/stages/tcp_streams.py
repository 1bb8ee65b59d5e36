"""TCP payload in order, in bounded memory: the driver of the reassembly kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from pktvisor._kernels import tcp_streams as kernel
from pktvisor.batches import Array, PacketBatch

__all__ = ["Chunks", "TcpStreams"]

_WAYS = 8
_CONNECTIONS = 16384
_SLOTS = 1024
_SLOT_BYTES = 2048
_PATIENCE = 64  # waiting slots of one lane before its gap is given up
_FARTHEST = 1 << 20  # bytes; a segment farther off starts the lane anew
_IDLE_NS = 30_000_000_000
_CHUNKS = 2048
_SPARE = 128 * 1024  # room behind the chunks for whoever joins them


class Chunks(NamedTuple):
    """In-order pieces of TCP payload: `arena[offset:offset + length]` of `lane`.

    `fresh` marks the first piece after a lane (one side of one connection) started or lost bytes.
    `arena` is writeable from `used` on. Valid until the next chunks are asked for.
    """

    arena: Array
    used: int
    lane: Array
    row: Array
    offset: Array
    length: Array
    fresh: Array


class TcpStreams:
    """Reassembles the TCP packets it is given, in batches, of one stream."""

    lanes = 2 * _CONNECTIONS

    def __init__(self) -> None:
        self._key = np.zeros(_CONNECTIONS, np.uint64)
        self._time = np.full(_CONNECTIONS, -1, np.int64)
        self._done = np.zeros(_CONNECTIONS, np.uint8)
        self._lane_next = np.full(self.lanes, -1, np.int64)
        self._lane_fresh = np.zeros(self.lanes, np.uint8)
        self._lane_head = np.full(self.lanes, -1, np.int32)
        self._lane_waiting = np.zeros(self.lanes, np.int32)
        self._slots = np.empty((_SLOTS, _SLOT_BYTES), np.uint8)
        self._slot_lane = np.full(_SLOTS, -1, np.int64)
        self._slot_next = np.arange(1, _SLOTS + 1, dtype=np.int32)
        self._slot_next[-1] = -1
        self._slot_sequence = np.zeros(_SLOTS, np.int64)
        self._slot_length = np.zeros(_SLOTS, np.int64)
        self._arena = np.empty(1 << 20, np.uint8)
        self._columns = [np.empty(_CHUNKS, np.int64) for _ in range(4)]
        self._fresh = np.empty(_CHUNKS, np.uint8)
        self._state = np.zeros(8, np.int64)

    def chunks(self, batch: PacketBatch, rows: Array, flow_hash: Array) -> Iterator[Chunks]:
        """Feed the given packets (row indices, ascending) and yield what is now in order.

        `flow_hash` (u64 by row) has to be filled in for those rows only.
        """
        side = np.empty(len(batch), np.uint8)
        kernel.sides(
            rows, batch.source_hi, batch.source_lo, batch.source_port, batch.destination_hi,
            batch.destination_lo, batch.destination_port, side,
        )  # fmt: skip
        room = _SPARE + (_PATIENCE + 2) * _SLOT_BYTES + (1 << 17)
        if len(self._arena) < room:
            self._arena = np.empty(room, np.uint8)
        state = self._state
        at = 0
        while at < len(rows):
            state[0] = state[1] = 0
            kernel.reassemble(
                batch.arena, rows, at, flow_hash, side, batch.timestamp_ns,
                batch.tcp_sequence, batch.tcp_flags, batch.payload_offset, batch.payload_length,
                _WAYS, _PATIENCE, _FARTHEST, _IDLE_NS, self._key, self._time, self._done, self._lane_next,
                self._lane_fresh, self._lane_head, self._lane_waiting, self._slots,
                self._slot_lane, self._slot_next, self._slot_sequence, self._slot_length,
                self._arena[: len(self._arena) - _SPARE], *self._columns, self._fresh, state,
            )  # fmt: skip
            if state[5] == at and state[0] == 0:  # a payload larger than the arena: make room
                self._arena = np.empty(2 * len(self._arena), np.uint8)
                continue
            at = int(state[5])
            made = int(state[0])
            columns = [column[:made] for column in self._columns]
            yield Chunks(self._arena, int(state[1]), *columns, self._fresh[:made])

    def counters(self) -> Mapping[str, int]:
        """Connections given up or idle for 30 s, gaps skipped and segments dropped so far."""
        return {
            "tcp_connections_evicted": int(self._state[2]),
            "tcp_connections_timed_out": int(self._state[7]),
            "tcp_gaps_skipped": int(self._state[3]),
            "tcp_segments_dropped": int(self._state[4]),
        }
