# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Put IP datagrams together from their fragments, within fixed memory (RFC 791, 8200, 5722).

Theory of operation. Pieces are kept in one ring of bytes, in arrival order, with a ring of records
beside it. A datagram is an entry in a set-associative table, with its pieces chained. Room is made
at the tail of the rings, which is where the oldest pieces are: the datagram one of them belongs to
is given up whole. So every fragment costs the same few steps, however hostile: one set of the table
is searched, at most `most` pieces of one datagram are compared, and each piece is dropped once.

Pieces that overlap are an attack (RFC 5722, for IPv4 too): their datagram is dropped, and what still
comes of it is ignored until its time is over. The same piece again is no overlap (RFC 8200 §4.5).
"""

import cython

U8 = cython.typedef(cython.uchar)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _be16(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> I64:
    """Big-endian 16-bit integer at a byte offset."""
    a: I64 = data[at]
    b: I64 = data[at + 1]
    return (a << 8) | b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mix(value: U64) -> U64:
    """The finaliser of SplitMix64: every input bit reaches every output bit."""
    first: U64 = 0xBF58476D1CE4E5B9
    second: U64 = 0x94D049BB133111EB
    full: U64 = 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * first) & full
    value = ((value ^ (value >> 27)) * second) & full
    return value ^ (value >> 31)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _fragment_header(
    data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t
) -> I64:
    """Where the fragment header of an IPv6 packet is; -1 when it cannot be reached."""
    protocol: cython.int = data[at + 6]
    hops: cython.int
    at += 40
    for hops in range(16):
        if end - at < 8:
            return -1
        if protocol == 44:
            return at
        if protocol == 51:
            protocol = data[at]
            at += (data[at + 1] + 2) * 4
        elif (
            protocol == 0
            or protocol == 43
            or protocol == 60
            or protocol == 135
            or protocol == 139
            or protocol == 140
        ):
            protocol = data[at]
            at += (data[at + 1] + 1) * 8
        else:
            return -1
    return -1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _release(
    entry: cython.Py_ssize_t,
    entry_head: I32[::1],
    piece_next: I32[::1],
    piece_entry: I32[::1],
) -> cython.int:
    """Let go of the pieces of a datagram; the tail of the rings passes over them later."""
    piece: cython.Py_ssize_t = entry_head[entry]
    while piece >= 0:
        piece_entry[piece] = -1
        piece = piece_next[piece]
    entry_head[entry] = -1
    return 0


def reassemble(
    data: cython.const[U8][::1],
    seed: cython.ulonglong,
    rows: cython.const[I64][::1],
    time: cython.const[I64][::1],
    frame_offset: cython.const[I64][::1],
    captured_length: cython.const[U32][::1],
    network_offset: cython.const[I64][::1],
    ip_version: cython.const[U8][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    ways: cython.Py_ssize_t,
    most: cython.Py_ssize_t,
    patience: cython.longlong,
    entry_key: U64[:, ::1],
    entry_time: I64[::1],
    entry_dropped: U8[::1],
    entry_next: U8[::1],
    entry_head: I32[::1],
    entry_pieces: I32[::1],
    entry_have: I64[::1],
    entry_reach: I64[::1],
    entry_total: I64[::1],
    ring: U8[::1],
    piece_entry: I32[::1],
    piece_next: I32[::1],
    piece_at: I64[::1],
    piece_offset: I64[::1],
    piece_length: I64[::1],
    out: U8[::1],
    whole_row: I64[::1],
    whole_offset: I64[::1],
    whole_length: I64[::1],
    state: I64[::1],
) -> None:
    """Run the fragments `rows` through the tables; write the datagrams that are whole now.

    A datagram is written to `out` as a plain header (20 or 40 bytes, no options) and its payload,
    completed by packet `whole_row`; `out` has room for all of them, `whole_*` are as long as `rows`.
    `entry_time` is the time of the first piece to arrive, -1 for a free entry; after `patience` ns an
    entry counts for nothing. `entry_key` has five columns: addresses, then identification,
    protocol and version. `state` holds datagrams written, bytes used in `out`, the head of the
    ring, the oldest record, records in use, then counts: datagrams given up for want of room, out of
    time, dropped for overlapping or contradictory pieces, pieces that came again, pieces of no use.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    limit: cython.Py_ssize_t
    end: cython.Py_ssize_t
    base: cython.Py_ssize_t
    entry: cython.Py_ssize_t
    chosen: cython.Py_ssize_t
    piece: cython.Py_ssize_t
    owner: cython.Py_ssize_t
    found: I64
    claimed: I64
    offset: I64
    length: I64
    total: I64
    size: I64
    more: cython.bint
    bad: cython.bint
    same: cython.bint
    next_header: cython.int
    tag: U64
    mixed: U64
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    made: cython.Py_ssize_t = state[0]
    used: cython.Py_ssize_t = state[1]
    head: cython.Py_ssize_t = state[2]
    tail: cython.Py_ssize_t = state[3]
    count: cython.Py_ssize_t = state[4]
    records: cython.Py_ssize_t = piece_entry.shape[0]
    set_mask: U64 = cython.cast(U64, entry_time.shape[0] - 1) ^ cython.cast(U64, ways - 1)
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            at = network_offset[row]
            limit = frame_offset[row] + captured_length[row]
            # --- the piece ---------------------------------------------------------------------
            if ip_version[row] == 4:
                claimed = _be16(data, at + 2)
                end = limit if claimed == 0 else at + claimed
                found = _be16(data, at + 6)
                more = found & 0x2000 != 0
                offset = (found & 0x1FFF) * 8
                next_header = data[at + 9]
                tag = cython.cast(U64, _be16(data, at + 4)) << 16
                tag |= (cython.cast(U64, next_header) << 8) | 4
                at += (data[at] & 15) * 4
                if at < network_offset[row] + 20:
                    end = at
            else:
                claimed = _be16(data, at + 4)
                end = limit if claimed == 0 else at + 40 + claimed
                found = _fragment_header(data, at, limit)
                if found < 0:
                    state[9] += 1
                    continue
                at = found
                next_header = data[at]
                found = _be16(data, at + 2)
                more = found & 1 != 0
                offset = found & 0xFFF8
                tag = cython.cast(U64, _be16(data, at + 4)) << 32
                tag |= cython.cast(U64, _be16(data, at + 6)) << 16
                tag |= 6
                at += 8
            length = end - at
            if end > limit or length <= 0 or offset + length > 65535 or (more and length & 7):
                state[9] += 1
                continue
            # --- its datagram ------------------------------------------------------------------
            mixed = _mix((source_lo[row] ^ seed) & full)
            mixed = _mix((mixed + source_hi[row] * golden) & full)
            mixed = _mix((mixed + destination_lo[row] * golden) & full)
            mixed = _mix((mixed + destination_hi[row] * golden) & full)
            mixed = _mix((mixed + tag * golden) & full)
            base = cython.cast(cython.Py_ssize_t, mixed & set_mask)
            entry = -1
            chosen = base
            for j in range(base, base + ways):
                if entry_time[j] >= 0 and (
                    entry_key[j, 0] == source_hi[row]
                    and entry_key[j, 1] == source_lo[row]
                    and entry_key[j, 2] == destination_hi[row]
                    and entry_key[j, 3] == destination_lo[row]
                    and entry_key[j, 4] == tag
                ):
                    entry = j
                    break
                if entry_time[j] < entry_time[chosen]:
                    chosen = j
            if entry >= 0 and time[row] - entry_time[entry] > patience:
                chosen = entry
                entry = -1
            if entry < 0:
                entry = chosen
                if entry_time[entry] >= 0 and entry_dropped[entry] == 0:
                    if time[row] - entry_time[entry] > patience:
                        state[6] += 1
                    else:
                        state[5] += 1
                _release(entry, entry_head, piece_next, piece_entry)
                entry_key[entry, 0] = source_hi[row]
                entry_key[entry, 1] = source_lo[row]
                entry_key[entry, 2] = destination_hi[row]
                entry_key[entry, 3] = destination_lo[row]
                entry_key[entry, 4] = tag
                entry_time[entry] = time[row]
                entry_dropped[entry] = 0
                entry_pieces[entry] = 0
                entry_have[entry] = 0
                entry_reach[entry] = 0
                entry_total[entry] = -1
            if entry_dropped[entry]:
                continue
            # --- does it fit the others ----------------------------------------------------------
            total = entry_total[entry]
            if more:
                bad = total >= 0 and offset + length > total
            else:
                bad = entry_reach[entry] > offset + length or (
                    total >= 0 and total != offset + length
                )
            same = False
            piece = entry_head[entry]
            while piece >= 0:
                if offset < piece_offset[piece] + piece_length[piece] and (
                    piece_offset[piece] < offset + length
                ):
                    bad = True
                    if piece_offset[piece] == offset and piece_length[piece] == length:
                        same = True
                        for k in range(length):
                            if ring[piece_at[piece] + k] != data[at + k]:
                                same = False
                                break
                    break
                piece = piece_next[piece]
            if same:
                state[8] += 1
                continue
            if bad:
                state[7] += 1
                entry_dropped[entry] = 1
                _release(entry, entry_head, piece_next, piece_entry)
                continue
            # --- room in the rings -------------------------------------------------------------
            same = length <= ring.shape[0] - head  # False: go on at the start of the ring
            while count > 0:
                found = piece_at[tail]
                owner = piece_entry[tail]
                if owner >= 0 and count < records:
                    if same:
                        if found < head or found >= head + length:
                            break
                    elif found < head and found >= length:
                        break
                if owner >= 0:
                    _release(owner, entry_head, piece_next, piece_entry)
                    entry_time[owner] = -1
                    state[5] += 1
                tail = tail + 1 if tail + 1 < records else 0
                count -= 1
            if entry_time[entry] < 0 or entry_pieces[entry] >= most:
                if entry_time[entry] >= 0:
                    state[5] += 1
                    entry_dropped[entry] = 1
                    _release(entry, entry_head, piece_next, piece_entry)
                continue
            if not same:
                head = 0
            for k in range(length):
                ring[head + k] = data[at + k]
            piece = tail + count if tail + count < records else tail + count - records
            count += 1
            piece_entry[piece] = cython.cast(I32, entry)
            piece_next[piece] = entry_head[entry]
            piece_at[piece] = head
            piece_offset[piece] = offset
            piece_length[piece] = length
            entry_head[entry] = cython.cast(I32, piece)
            entry_pieces[entry] += 1
            entry_have[entry] += length
            entry_reach[entry] = max(entry_reach[entry], offset + length)
            head += length
            if not more:
                entry_total[entry] = offset + length
            if offset == 0:
                entry_next[entry] = cython.cast(U8, next_header)
            if entry_have[entry] != entry_total[entry]:
                continue
            # --- whole -------------------------------------------------------------------------
            total = entry_total[entry]
            size = 20 if ip_version[row] == 4 else 40
            for k in range(size):
                out[used + k] = data[network_offset[row] + k]
            if size == 20:
                claimed = total + 20 if total + 20 < 65536 else 0
                out[used] = 0x45
                out[used + 2] = cython.cast(U8, claimed >> 8)
                out[used + 3] = cython.cast(U8, claimed & 255)
                out[used + 6] = 0
                out[used + 7] = 0
            else:
                out[used + 4] = cython.cast(U8, total >> 8)
                out[used + 5] = cython.cast(U8, total & 255)
                out[used + 6] = entry_next[entry]
            piece = entry_head[entry]
            while piece >= 0:
                base = used + size + piece_offset[piece]
                for k in range(piece_length[piece]):
                    out[base + k] = ring[piece_at[piece] + k]
                piece = piece_next[piece]
            whole_row[made] = row
            whole_offset[made] = used
            whole_length[made] = size + total
            made += 1
            used += size + total
            _release(entry, entry_head, piece_next, piece_entry)
            entry_time[entry] = -1
    state[0] = made
    state[1] = used
    state[2] = head
    state[3] = tail
    state[4] = count
