# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Read the header and first question of DNS messages (RFC 1035 section 4; RFC 9267 for what bites).

A name is at most 255 bytes on the wire, a label at most 63, and a compression pointer must point
before the start of the piece it ends, so a walk always ends. Names come out as presentation text
without a final dot: bytes that are not visible ASCII, and "." and "\\" inside a label, as `\\DDD`.
Two arenas get the same layout: the name as sent, and with ASCII letters lowered.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)

# Text of the longest name: 255 wire bytes, each written as four characters.
_LONGEST_TEXT = cython.declare(cython.Py_ssize_t, 1020)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _be16(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> cython.int:
    """Big-endian 16-bit integer at a byte offset."""
    a: cython.int = data[at]
    b: cython.int = data[at + 1]
    return (a << 8) | b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _name(
    data: cython.const[U8][::1],
    message: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    at: cython.Py_ssize_t,
    sent: U8[::1],
    lower: U8[::1],
    out: cython.Py_ssize_t,
    after: I64[::1],
) -> cython.Py_ssize_t:
    """Write the name at `at` from position `out` on; its end there, or -1 when it is malformed.

    `after[0]` becomes the offset behind the name in the message.
    """
    piece: cython.Py_ssize_t = at  # start of the piece being read; pointers must go before it
    wire: cython.Py_ssize_t = 0
    size: cython.int
    byte: cython.int
    i: cython.Py_ssize_t
    first: cython.bint = True
    jumped: cython.bint = False
    while True:
        if at >= end:
            return -1
        size = data[at]
        if size == 0:
            if not jumped:
                after[0] = at + 1
            return out
        if size >= 0xC0:
            if at + 1 >= end:
                return -1
            if not jumped:
                after[0] = at + 2
                jumped = True
            at = message + (((size & 0x3F) << 8) | data[at + 1])
            if at >= piece or at < message + 12:
                return -1
            piece = at
            continue
        wire += size + 1
        if size > 63 or wire > 254 or at + 1 + size > end:
            return -1
        if not first:
            sent[out] = 46
            lower[out] = 46
            out += 1
        first = False
        for i in range(at + 1, at + 1 + size):
            byte = data[i]
            if byte <= 32 or byte >= 127 or byte == 46 or byte == 92:
                sent[out] = 92
                sent[out + 1] = 48 + (100 <= byte) + (200 <= byte)
                lower[out] = 92
                lower[out + 1] = sent[out + 1]
                if byte >= 200:
                    byte -= 200
                elif byte >= 100:
                    byte -= 100
                size = 0
                while byte >= 10:
                    byte -= 10
                    size += 1
                sent[out + 2] = 48 + size
                lower[out + 2] = 48 + size
                sent[out + 3] = 48 + byte
                lower[out + 3] = 48 + byte
                out += 4
            else:
                sent[out] = byte
                lower[out] = byte + 32 if 65 <= byte <= 90 else byte
                out += 1
        at += 1 + data[at]


def walk(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    cut: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    start: cython.Py_ssize_t,
    status: U8[::1],
    kind: U8[::1],
    identifier: U16[::1],
    flags: U16[::1],
    questions: U16[::1],
    answers: U16[::1],
    question: U8[::1],
    qtype: U16[::1],
    qclass: U16[::1],
    name_offset: I64[::1],
    name_length: I32[::1],
    sent: U8[::1],
    lower: U8[::1],
    after: I64[::1],
    state: I64[::1],
) -> None:
    """Fill the output columns of each of `rows[start:]` from the message `data[offset:+length]`.

    All columns are indexed by row. `status`: 0 ok, 1 malformed, 2 truncated (the message ends early
    and `cut` says that the capture did that). `kind`: 0 query, 1 reply, 2 no readable header.
    `question`: 0 read, 1 not readable (also when the header claims more than 100 records), 2 none.
    `after` is scratch of length 1. `state` holds bytes used in the two name arenas and the position
    in `rows` where this call stopped: the end, or a row whose name might not fit.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    out: cython.Py_ssize_t
    used: cython.Py_ssize_t = state[0]
    room: cython.Py_ssize_t = min(sent.shape[0], lower.shape[0])
    stopped: cython.Py_ssize_t = rows.shape[0]
    with cython.nogil:
        for i in range(start, rows.shape[0]):
            if used + _LONGEST_TEXT > room:
                stopped = i
                break
            row = rows[i]
            at = offset[row]
            end = at + length[row]
            status[row] = 0
            kind[row] = 2
            identifier[row] = 0
            flags[row] = 0
            questions[row] = 0
            answers[row] = 0
            question[row] = 1
            qtype[row] = 0
            qclass[row] = 0
            name_offset[row] = used
            name_length[row] = 0
            if end - at < 12:
                status[row] = 2 if cut[row] else 1
                continue
            identifier[row] = _be16(data, at)
            flags[row] = _be16(data, at + 2)
            kind[row] = data[at + 2] >> 7
            questions[row] = _be16(data, at + 4)
            answers[row] = _be16(data, at + 6)
            if questions[row] + answers[row] + _be16(data, at + 8) + _be16(data, at + 10) > 100:
                status[row] = 1
                continue
            if questions[row] == 0:
                question[row] = 2
                continue
            out = _name(data, at, end, at + 12, sent, lower, used, after)
            if out < 0 or after[0] + 4 > end:
                status[row] = 2 if cut[row] else 1
                continue
            question[row] = 0
            qtype[row] = _be16(data, after[0])
            qclass[row] = _be16(data, after[0] + 2)
            name_length[row] = cython.cast(I32, out - used)
            used = out
    state[0] = used
    state[1] = stopped
