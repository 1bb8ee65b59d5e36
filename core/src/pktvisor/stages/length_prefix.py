"""Messages with a 16-bit length in front, cut from TCP chunks: the driver of the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from pktvisor._kernels import length_prefix as kernel
from pktvisor.batches import Array
from pktvisor.stages.tcp_streams import Chunks

__all__ = ["LengthPrefix", "Messages"]

_BUFFERS = 256
_BUFFER_BYTES = 65536 + 2
_MESSAGES = 4096


class Messages(NamedTuple):
    """Whole messages `arena[offset:offset + length]`, completed by packet `row`."""

    arena: Array
    row: Array
    offset: Array
    length: Array


class LengthPrefix:
    """Cuts the lanes of a `TcpStreams` into messages of at least `shortest` bytes.

    A lane is judged when `shortest + 2` bytes of it are there; one that announces less is ignored
    from then on.
    """

    def __init__(self, lanes: int, shortest: int) -> None:
        self._shortest = shortest
        self._lane_buffer = np.full(lanes, -1, np.int32)
        self._buffers = np.empty((_BUFFERS, _BUFFER_BYTES), np.uint8)
        self._buffer_lane = np.full(_BUFFERS, -1, np.int64)
        self._buffer_fill = np.zeros(_BUFFERS, np.int64)
        self._buffer_age = np.zeros(_BUFFERS, np.int64)
        self._row = np.empty(_MESSAGES, np.int64)
        self._lane = np.empty(_MESSAGES, np.int64)
        self._offset = np.empty(_MESSAGES, np.int64)
        self._length = np.empty(_MESSAGES, np.int32)
        self._state = np.zeros(7, np.int64)

    def messages(self, chunks: Chunks) -> Iterator[Messages]:
        """Every message the chunks complete, in order."""
        state = self._state
        at, begin = 0, 0
        while at < len(chunks.lane):
            state[0] = 0
            state[1] = chunks.used
            kernel.split(
                chunks.arena, chunks.lane, chunks.row, chunks.offset, chunks.length, chunks.fresh,
                at, begin, self._shortest, self._lane_buffer, self._buffers, self._buffer_lane,
                self._buffer_fill, self._buffer_age, self._row, self._lane, self._offset,
                self._length, state,
            )  # fmt: skip
            made, at, begin = int(state[0]), int(state[5]), int(state[6])
            yield Messages(chunks.arena, self._row[:made], self._offset[:made], self._length[:made])

    def counters(self) -> Mapping[str, int]:
        """Lanes that lost their partial message, and lanes given up for a bad length, so far."""
        return {
            "tcp_partial_messages_dropped": int(self._state[3]),
            "tcp_lanes_malformed": int(self._state[4]),
        }
