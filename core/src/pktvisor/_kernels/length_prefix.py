# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Cut in-order stream chunks into messages that carry a 16-bit length in front (RFC 1035 §4.2.2).

Theory of operation. Each side of a connection is a *lane*. A lane is idle (no bytes waiting), holds
a partial message in one buffer of a small shared set, or is spoilt: it announced a length that no
message can have and nothing more is read from it until it is reset. A message that lies whole
inside a chunk is pointed at where it is; one that spans chunks is put together in the buffer and
then copied to the output arena. When every buffer is taken, the lane that got its buffer first
loses it and is spoilt, which is counted.
"""

import cython

U8 = cython.typedef(cython.uchar)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


def split(
    arena: U8[::1],
    chunk_lane: cython.const[I64][::1],
    chunk_row: cython.const[I64][::1],
    chunk_offset: cython.const[I64][::1],
    chunk_length: cython.const[I64][::1],
    chunk_fresh: cython.const[U8][::1],
    start: cython.Py_ssize_t,
    begin: cython.longlong,
    shortest: cython.longlong,
    lane_buffer: I32[::1],
    buffers: U8[:, ::1],
    buffer_lane: I64[::1],
    buffer_fill: I64[::1],
    buffer_age: I64[::1],
    message_row: I64[::1],
    message_lane: I64[::1],
    message_offset: I64[::1],
    message_length: I32[::1],
    state: I64[::1],
) -> None:
    """Read chunks from `start` on, the first of them from its byte `begin` on.

    A chunk is `arena[offset:offset + length]` of lane `chunk_lane`, completed by packet `chunk_row`;
    `chunk_fresh` resets the lane first. `lane_buffer` is -1 idle, -2 spoilt, else its buffer.
    `state` holds messages written, arena bytes used, the age counter, lanes that lost their buffer,
    lanes spoilt by a bad length, chunks read and the byte to go on at. The call stops early when
    the message columns or the arena are full.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    lane: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    need: I64
    fill: I64
    piece: I64
    made: cython.Py_ssize_t = state[0]
    used: cython.Py_ssize_t = state[1]
    age: I64 = state[2]
    lost: I64 = state[3]
    bad: I64 = state[4]
    stopped: cython.Py_ssize_t = chunk_lane.shape[0]
    resume: I64 = 0
    full: cython.bint = False
    with cython.nogil:
        for i in range(start, chunk_lane.shape[0]):
            lane = chunk_lane[i]
            at = chunk_offset[i]
            end = at + chunk_length[i]
            if i == start and begin > 0:
                at += begin
            elif chunk_fresh[i]:
                if lane_buffer[lane] >= 0:
                    buffer_lane[lane_buffer[lane]] = -1
                lane_buffer[lane] = -1
            while at < end and lane_buffer[lane] != -2:
                if made == message_row.shape[0]:
                    full = True
                    break
                slot = lane_buffer[lane]
                if slot < 0:
                    if end - at >= 2:
                        need = (cython.cast(I64, arena[at]) << 8) | arena[at + 1]
                        if need < shortest:
                            if end - at >= shortest + 2:
                                lane_buffer[lane] = -2
                                bad += 1
                                break
                        elif end - at >= need + 2:
                            message_row[made] = chunk_row[i]
                            message_lane[made] = lane
                            message_offset[made] = at + 2
                            message_length[made] = cython.cast(I32, need)
                            made += 1
                            at += 2 + need
                            continue
                    slot = 0  # a free buffer, else the one taken longest ago
                    for j in range(buffer_lane.shape[0]):
                        if buffer_lane[j] < 0:
                            slot = j
                            break
                        if buffer_age[j] < buffer_age[slot]:
                            slot = j
                    if buffer_lane[slot] >= 0:
                        lane_buffer[buffer_lane[slot]] = -2
                        lost += 1
                    buffer_lane[slot] = lane
                    buffer_fill[slot] = 0
                    buffer_age[slot] = age
                    age += 1
                    lane_buffer[lane] = cython.cast(I32, slot)
                fill = buffer_fill[slot]
                # First up to the point where the length may be judged, then to the message's end.
                need = shortest + 2
                if fill >= need:
                    need = ((cython.cast(I64, buffers[slot, 0]) << 8) | buffers[slot, 1]) + 2
                    if used + need > arena.shape[0]:
                        full = True
                        break
                piece = min(need - fill, cython.cast(I64, end - at))
                for j in range(piece):
                    buffers[slot, fill + j] = arena[at + j]
                fill += piece
                at += piece
                buffer_fill[slot] = fill
                if fill < shortest + 2:
                    continue
                need = ((cython.cast(I64, buffers[slot, 0]) << 8) | buffers[slot, 1]) + 2
                if need < shortest + 2:
                    buffer_lane[slot] = -1
                    lane_buffer[lane] = -2
                    bad += 1
                    break
                if fill < need:
                    continue
                if used + need > arena.shape[0]:
                    full = True
                    at -= piece
                    buffer_fill[slot] = fill - piece
                    break
                for j in range(need - 2):
                    arena[used + j] = buffers[slot, 2 + j]
                message_row[made] = chunk_row[i]
                message_lane[made] = lane
                message_offset[made] = used
                message_length[made] = cython.cast(I32, need - 2)
                made += 1
                used += need - 2
                buffer_lane[slot] = -1
                lane_buffer[lane] = -1
            if full:
                stopped = i
                resume = at - chunk_offset[i]
                break
    state[0] = made
    state[1] = used
    state[2] = age
    state[3] = lost
    state[4] = bad
    state[5] = stopped
    state[6] = resume
