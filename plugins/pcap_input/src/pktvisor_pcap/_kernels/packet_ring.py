# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Copy frames out of a TPACKET_V3 ring (packet_mmap.rst of the Linux documentation).

The kernel owns a block until it sets bit 0 of the block's status; it gets it back by a 0 there.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
I64 = cython.typedef(cython.longlong)

_COOKED_HEADER = cython.declare(cython.int, 16)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _put16(arena: U8[::1], at: cython.Py_ssize_t, value: cython.int) -> cython.int:
    """Write two bytes in network order."""
    arena[at] = cython.cast(U8, (value >> 8) & 255)
    arena[at + 1] = cython.cast(U8, value & 255)
    return 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _copy(
    ring: cython.const[U8][::1],
    start: cython.Py_ssize_t,
    arena: U8[::1],
    at: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
) -> cython.int:
    """Copy bytes the caller has checked to lie inside both."""
    i: cython.Py_ssize_t
    if length == 0:
        return 0
    if cython.compiled:
        memcpy(cython.address(arena[at]), cython.address(ring[start]), length)  # noqa: F821
        return 0
    for i in range(length):
        arena[at + i] = ring[start + i]
    return 0


def drain(
    ring: cython.const[U8][::1],
    halves: cython.const[U16][::1],
    words: U32[::1],
    block_size: cython.Py_ssize_t,
    block_count: cython.Py_ssize_t,
    cooked: cython.bint,
    arena: U8[::1],
    timestamp_ns: I64[::1],
    captured_length: U32[::1],
    wire_length: U32[::1],
    frame_offset: I64[::1],
    interface: U16[::1],
    state: I64[::1],
) -> None:
    """Copy the frames of all blocks the kernel has handed over, until a row or a frame has no room.

    `ring`, `halves` and `words` are the same memory in units of 1, 2 and 4 bytes. `cooked` frames
    start with their network header: each gets a Linux cooked header (LINKTYPE_LINUX_SLL) in front.
    VLAN tags, which the kernel keeps in the ring's own headers, are put back into the frames.

    `state` goes from call to call: 0 block, 1 frames left in it (-1: not looked at yet), 2 offset
    of the next frame, 3 rows and 4 bytes of the arena used (the caller sets both to 0 for new
    ones), 5 frames that lay outside their block, 6 becomes 1 when a row or a frame had no room.
    """
    row: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, state[3])
    used: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, state[4])
    block: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, state[0])
    left: I64 = state[1]
    at: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, state[2])
    rows: cython.Py_ssize_t = timestamp_ns.shape[0]
    room: cython.Py_ssize_t = arena.shape[0]
    base: cython.Py_ssize_t
    end: cython.Py_ssize_t
    word: cython.Py_ssize_t
    start: cython.Py_ssize_t
    length: cython.Py_ssize_t
    head: cython.Py_ssize_t
    offset: cython.Py_ssize_t
    extra: cython.Py_ssize_t
    step: I64
    second: I64
    tagged: cython.bint
    status: U32
    tag: cython.int
    kind: cython.int
    i: cython.int
    ns: I64 = 1000000000
    state[6] = 0
    with cython.nogil:
        while True:
            base = block * block_size
            end = base + block_size
            if left < 0:
                if (words[(base + 8) >> 2] & 1) == 0:
                    break
                if cython.compiled:
                    pktvisor_fence()  # noqa: F821
                left = words[(base + 12) >> 2]
                at = base + cython.cast(cython.Py_ssize_t, words[(base + 16) >> 2])
            while left > 0:
                if at < base or at + 68 > end or (at & 3) != 0:
                    state[5] += left
                    left = 0
                    break
                word = at >> 2
                length = cython.cast(cython.Py_ssize_t, words[word + 3])
                status = words[word + 5]
                start = at + halves[(at + (26 if cooked else 24)) >> 1]
                if start + length > end:
                    state[5] += 1
                    length = 0
                tagged = (status & 16) != 0 and (cooked or length >= 12)
                extra = (4 if tagged else 0) + (_COOKED_HEADER if cooked else 0)
                if row >= rows or used + length + extra > room:
                    if row > 0 or length + extra <= room:
                        state[6] = 1
                        break
                    length = room - extra  # a frame larger than the arena is cut
                tag = 0x8100
                if (status & 64) != 0:
                    tag = halves[(at + 36) >> 1]
                offset = used
                if cooked:
                    _put16(arena, used, ring[at + 48 + 10])  # packet type
                    _put16(arena, used + 2, halves[(at + 48 + 8) >> 1])  # ARPHRD
                    _put16(arena, used + 4, ring[at + 48 + 11])  # address length
                    for i in range(8):
                        arena[used + 6 + i] = ring[at + 48 + 12 + i]
                    head = used + 14
                    used += _COOKED_HEADER
                else:
                    head = used + 12
                    if tagged:
                        _copy(ring, start, arena, used, 12)
                        used += 12
                        start += 12
                        length -= 12
                if tagged:
                    kind = words[word + 8] & 0xFFFF
                    _put16(arena, head, tag)
                    _put16(arena, head + 2, kind)
                    if cooked:
                        arena[head + 4] = ring[at + 48 + 2]
                        arena[head + 5] = ring[at + 48 + 3]
                    used += 4
                elif cooked:
                    arena[head] = ring[at + 48 + 2]
                    arena[head + 1] = ring[at + 48 + 3]
                _copy(ring, start, arena, used, length)
                used += length
                second = words[word + 1]
                timestamp_ns[row] = second * ns + words[word + 2]
                captured_length[row] = cython.cast(U32, used - offset)
                wire_length[row] = cython.cast(U32, words[word + 4] + extra)
                frame_offset[row] = offset
                interface[row] = cython.cast(U16, words[(at + 52) >> 2] & 0xFFFF)
                row += 1
                left -= 1
                step = words[word]
                if left > 0 and step == 0:
                    state[5] += left
                    left = 0
                    break
                at += cython.cast(cython.Py_ssize_t, step)
            if left > 0:
                break
            left = -1
            if cython.compiled:
                pktvisor_fence()  # noqa: F821
            words[(base + 8) >> 2] = 0
            block += 1
            if block >= block_count:
                block = 0
    state[0] = block
    state[1] = left
    state[2] = at
    state[3] = row
    state[4] = used
