# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Put TCP payload in order, per connection and side, within fixed memory (RFC 9293 section 3.4).

Theory of operation. Connections live in a set-associative table keyed by flow hash; a full set gives
up a finished connection, else the one silent the longest; one silent for longer than `idle` starts
anew with its next packet. Each connection has two *lanes*, one a
side, each with the sequence number it expects next (-1 = not started). A lane starts at a SYN, or
in the middle with the first payload seen. Payload that continues the lane leaves as a chunk; what
was sent before is cut off; what comes early waits in a shared pool of small slots. A lane whose
gap outlives `patience` waiting slots is restarted at the earliest of them, and so is a lane whose
next segment lies too far off to belong to the same connection; the first chunk after a (re)start
is marked fresh.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _ahead(sequence: I64, expected: I64) -> I64:
    """How far a sequence number lies ahead of the expected one; negative when behind."""
    low: I64 = 0xFFFFFFFF
    half: I64 = 0x80000000
    distance: I64 = (sequence - expected) & low
    return distance - low - 1 if distance >= half else distance


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _release(
    lane: cython.Py_ssize_t,
    lane_head: I32[::1],
    lane_waiting: I32[::1],
    slot_next: I32[::1],
    slot_lane: I64[::1],
    state: I64[::1],
) -> cython.int:
    """Free every waiting slot of a lane."""
    slot: cython.Py_ssize_t = lane_head[lane]
    after: cython.Py_ssize_t
    while slot >= 0:
        after = slot_next[slot]
        slot_lane[slot] = -1
        slot_next[slot] = cython.cast(I32, state[6])
        state[6] = slot
        slot = after
    lane_head[lane] = -1
    lane_waiting[lane] = 0
    return 0


def sides(
    rows: cython.const[I64][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    source_port: cython.const[U16][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    destination_port: cython.const[U16][::1],
    side: U8[::1],
) -> None:
    """1 in each of `rows` whose source is the larger end, by address and then port, else 0."""
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            if source_hi[row] != destination_hi[row]:
                side[row] = source_hi[row] > destination_hi[row]
            elif source_lo[row] != destination_lo[row]:
                side[row] = source_lo[row] > destination_lo[row]
            else:
                side[row] = source_port[row] > destination_port[row]


def reassemble(
    data: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    start: cython.Py_ssize_t,
    flow_hash: cython.const[U64][::1],
    side: cython.const[U8][::1],
    time: cython.const[I64][::1],
    sequence: cython.const[U32][::1],
    flags: cython.const[U8][::1],
    payload_offset: cython.const[I64][::1],
    payload_length: cython.const[I32][::1],
    ways: cython.Py_ssize_t,
    patience: cython.Py_ssize_t,
    farthest: cython.longlong,
    idle: cython.longlong,
    entry_key: U64[::1],
    entry_time: I64[::1],
    entry_done: U8[::1],
    lane_next: I64[::1],
    lane_fresh: U8[::1],
    lane_head: I32[::1],
    lane_waiting: I32[::1],
    slots: U8[:, ::1],
    slot_lane: I64[::1],
    slot_next: I32[::1],
    slot_sequence: I64[::1],
    slot_length: I64[::1],
    out: U8[::1],
    chunk_lane: I64[::1],
    chunk_row: I64[::1],
    chunk_offset: I64[::1],
    chunk_length: I64[::1],
    chunk_fresh: U8[::1],
    state: I64[::1],
) -> None:
    """Run `rows[start:]` (TCP packets, in order) through the tables; columns are indexed by row.

    `side` is 0 or 1 and differs for the two directions of a connection. `entry_time` is -1 for a
    free entry, lane `2 * entry + side` belongs to an entry. Free slots are chained from `state[6]`
    (-1 = none) through `slot_next`. `state` holds chunks written, bytes used in `out`, open
    connections given up, gaps skipped, segments dropped for want of slots, the position in `rows`
    where this call stopped (the end, or a packet whose chunks might not fit), the free chain, and
    open connections silent for more than `idle` ns.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    row: cython.Py_ssize_t
    base: cython.Py_ssize_t
    entry: cython.Py_ssize_t
    lane: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    before: cython.Py_ssize_t
    chosen: cython.Py_ssize_t
    at: cython.Py_ssize_t
    k: cython.Py_ssize_t
    length: I64
    piece: I64
    number: I64
    gap: I64
    skip: I64
    moved: cython.bint
    chunks: cython.Py_ssize_t = state[0]
    used: cython.Py_ssize_t = state[1]
    width: cython.Py_ssize_t = slots.shape[1]
    stopped: cython.Py_ssize_t = rows.shape[0]
    low: I64 = 0xFFFFFFFF
    set_mask: U64 = cython.cast(U64, entry_key.shape[0] - 1) ^ cython.cast(U64, ways - 1)
    with cython.nogil:
        for i in range(start, rows.shape[0]):
            row = rows[i]
            length = payload_length[row]
            if length <= 0 and flags[row] & 7 == 0:  # no payload, no FIN, SYN or RST
                continue
            if (
                chunks + patience + 2 > chunk_lane.shape[0]
                or used + length + (patience + 1) * width > out.shape[0]
            ):
                stopped = i
                break
            # --- the connection ----------------------------------------------------------------
            base = cython.cast(cython.Py_ssize_t, (flow_hash[row] >> 16) & set_mask)
            entry = -1
            chosen = base
            for j in range(base, base + ways):
                if entry_time[j] >= 0 and entry_key[j] == flow_hash[row]:
                    entry = j
                    break
                if entry_time[chosen] < 0:
                    continue
                if entry_time[j] < 0 or entry_done[j] > entry_done[chosen]:
                    chosen = j
                elif entry_done[j] == entry_done[chosen] and entry_time[j] < entry_time[chosen]:
                    chosen = j
            if entry >= 0 and time[row] - entry_time[entry] > idle:
                chosen = entry
                entry = -1
            if entry < 0:
                if length <= 0 and flags[row] & 2 == 0:
                    continue
                entry = chosen
                if entry_time[entry] >= 0 and entry_done[entry] == 0:
                    if time[row] - entry_time[entry] > idle:
                        state[7] += 1
                    else:
                        state[2] += 1
                entry_key[entry] = flow_hash[row]
                entry_done[entry] = 0
                for j in range(2 * entry, 2 * entry + 2):
                    lane_next[j] = -1
                    _release(j, lane_head, lane_waiting, slot_next, slot_lane, state)
            entry_time[entry] = time[row]
            lane = 2 * entry + side[row]
            number = sequence[row]
            if flags[row] & 2:  # SYN: a new connection, unless the same one says it again
                number = (number + 1) & low
                if lane_next[lane] < 0 or _ahead(number, lane_next[lane]) > 0 or entry_done[entry]:
                    lane_next[lane] = number
                    lane_fresh[lane] = 1
                    entry_done[entry] = 0
                    _release(lane, lane_head, lane_waiting, slot_next, slot_lane, state)
            if flags[row] & 5:
                entry_done[entry] = 1
            if length <= 0:
                continue
            # --- the lane ----------------------------------------------------------------------
            gap = 0 if lane_next[lane] < 0 else _ahead(number, lane_next[lane])
            if lane_next[lane] < 0 or gap > farthest or gap < -farthest:
                lane_next[lane] = number
                lane_fresh[lane] = 1
                _release(lane, lane_head, lane_waiting, slot_next, slot_lane, state)
                gap = 0
            if gap > 0:  # early: wait, in as many slots as it takes
                at = payload_offset[row]
                while length > 0:
                    slot = state[6]
                    if slot < 0 or lane_waiting[lane] >= patience:
                        state[4] += 1
                        break
                    state[6] = slot_next[slot]
                    piece = min(length, cython.cast(I64, width))
                    for k in range(piece):
                        slots[slot, k] = data[at + k]
                    slot_lane[slot] = lane
                    slot_sequence[slot] = number
                    slot_length[slot] = piece
                    slot_next[slot] = lane_head[lane]
                    lane_head[lane] = cython.cast(I32, slot)
                    lane_waiting[lane] += 1
                    number = (number + piece) & low
                    at += piece
                    length -= piece
                if length > 0 and lane_waiting[lane] == 0:  # no slot to wait in: go on behind it
                    state[3] += 1
                    lane_next[lane] = (number + length) & low
                    lane_fresh[lane] = 1
                    continue
                if length <= 0 and lane_waiting[lane] < patience:
                    continue
                state[3] += 1  # waited long enough: go on behind the gap
                slot = lane_head[lane]
                number = slot_sequence[slot]
                while slot >= 0:
                    if _ahead(slot_sequence[slot], number) < 0:
                        number = slot_sequence[slot]
                    slot = slot_next[slot]
                lane_next[lane] = number
                lane_fresh[lane] = 1
            else:
                skip = -gap
                if skip >= length:
                    continue
                at = payload_offset[row] + skip
                length -= skip
                for k in range(length):
                    out[used + k] = data[at + k]
                chunk_lane[chunks] = lane
                chunk_row[chunks] = row
                chunk_offset[chunks] = used
                chunk_length[chunks] = length
                chunk_fresh[chunks] = lane_fresh[lane]
                lane_fresh[lane] = 0
                chunks += 1
                used += length
                lane_next[lane] = (lane_next[lane] + length) & low
            # --- what waited for this --------------------------------------------------------
            moved = lane_head[lane] >= 0
            while moved:
                moved = False
                before = -1
                slot = lane_head[lane]
                while slot >= 0:
                    gap = _ahead(slot_sequence[slot], lane_next[lane])
                    if gap > 0:
                        before = slot
                        slot = slot_next[slot]
                        continue
                    skip = -gap
                    length = slot_length[slot] - skip
                    if length > 0:
                        for k in range(length):
                            out[used + k] = slots[slot, skip + k]
                        chunk_lane[chunks] = lane
                        chunk_row[chunks] = row
                        chunk_offset[chunks] = used
                        chunk_length[chunks] = length
                        chunk_fresh[chunks] = lane_fresh[lane]
                        lane_fresh[lane] = 0
                        chunks += 1
                        used += length
                        lane_next[lane] = (lane_next[lane] + length) & low
                        moved = True
                    j = slot_next[slot]
                    if before < 0:
                        lane_head[lane] = cython.cast(I32, j)
                    else:
                        slot_next[before] = cython.cast(I32, j)
                    slot_lane[slot] = -1
                    slot_next[slot] = cython.cast(I32, state[6])
                    state[6] = slot
                    lane_waiting[lane] -= 1
                    slot = j
    state[0] = chunks
    state[1] = used
    state[5] = stopped
