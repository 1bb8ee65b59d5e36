# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Read header and first question of DNS messages (RFC 1035 section 4; RFC 9267 for what bites).

A name is at most 255 bytes on the wire, a label at most 63, and a compression pointer must point
before the start of the piece it ends, so a walk always ends. Names come out as presentation text
without a final dot: bytes that are not visible ASCII, and "." and "\\" inside a label, as `\\DDD`.
A table of 256 bytes says how each byte is written, letters lowered or as sent; 0 is for `\\DDD`.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
I32 = cython.typedef(cython.int)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

# Text of the longest name: 255 wire bytes, each written as four characters.
_LONGEST_TEXT = cython.declare(cython.Py_ssize_t, 1020)

# So many rows ahead the bytes to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 8)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _be16(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> cython.int:
    """Big-endian 16-bit integer at a byte offset, its bounds checked once; 0 outside the data."""
    if at < 0 or at > data.shape[0] - 2:
        return 0
    if cython.compiled:
        return load_big16(cython.address(data[at]))
    a: cython.int = data[at]
    b: cython.int = data[at + 1]
    return (a << 8) | b


@cython.cfunc
@cython.nogil
@cython.exceptval(-2, check=False)
def _escaped(byte: cython.int, text: U8[::1], out: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Write a byte as a backslash and three digits at `out`; the position behind them."""
    tens: cython.int = 0
    text[out] = 92
    text[out + 1] = 48 + (100 <= byte) + (200 <= byte)
    if byte >= 200:
        byte -= 200
    elif byte >= 100:
        byte -= 100
    while byte >= 10:
        byte -= 10
        tens += 1
    text[out + 2] = 48 + tens
    text[out + 3] = 48 + byte
    return out + 4


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _name(
    data: cython.const[U8][::1],
    message: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    at: cython.Py_ssize_t,
    written: cython.const[U8][::1],
    text: U8[::1],
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
    room: cython.Py_ssize_t = text.shape[0] - 64
    i: cython.Py_ssize_t
    first: cython.bint = True
    jumped: cython.bint = False
    if message < 0 or out < 0 or end > data.shape[0] or written.shape[0] != 256:
        return -1
    while True:
        if at >= end:
            return -1
        with cython.boundscheck(False):
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
            text[out] = 46
            out += 1
        first = False
        i = 0
        if out < room:  # for a label without escapes: the bounds of all its bytes at once
            with cython.boundscheck(False):
                while i < size:
                    byte = written[data[at + 1 + i]]
                    if byte == 0:
                        break
                    text[out + i] = byte
                    i += 1
            out += i
        while i < size:
            byte = written[data[at + 1 + i]]
            if byte != 0:
                text[out] = byte
                out += 1
            else:
                out = _escaped(data[at + 1 + i], text, out)
            i += 1
        at += 1 + size


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
    additional: U16[::1],
    rcode: U16[::1],
    question: U8[::1],
    qtype: U16[::1],
    qclass: U16[::1],
    name_offset: I64[::1],
    name_length: I32[::1],
    behind: I32[::1],
    written: cython.const[U8][::1],
    text: U8[::1],
    after: I64[::1],
    state: I64[::1],
) -> None:
    """Fill the output columns of each of `rows[start:]` from the message `data[offset:+length]`.

    All columns are indexed by row. `status`: 0 ok, 1 malformed, 2 truncated (the message ends early
    and `cut` says that the capture did that). `kind`: 0 query, 1 reply, 2 no readable header.
    `question`: 0 read, 1 not readable (also when the header claims more than 100 records), 2 none.
    `rcode` is the header's. `behind` is where in the message the first question ends, or the header
    of a message without one; 0 when that is not readable. `after` is scratch of length 1. `state` holds bytes used in the arena of
    names and the position in `rows` where this call stopped: the end, or a row whose name might not
    fit. IndexError when a message is not in the data.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    out: cython.Py_ssize_t
    bits: cython.int
    asked: cython.int
    answered: cython.int
    added: cython.int
    outcome: cython.int
    read: cython.int
    type_number: cython.int
    class_number: cython.int
    over: cython.Py_ssize_t
    used: cython.Py_ssize_t = state[0]
    room: cython.Py_ssize_t = text.shape[0]
    stopped: cython.Py_ssize_t = rows.shape[0]
    outside: cython.bint = False
    foreign: cython.bint = False
    short: cython.int
    # Each row is held against the shortest column once, instead of against each column.
    least: cython.Py_ssize_t = min(
        offset.shape[0],
        length.shape[0],
        cut.shape[0],
        status.shape[0],
        kind.shape[0],
        identifier.shape[0],
        flags.shape[0],
        questions.shape[0],
        answers.shape[0],
        additional.shape[0],
        rcode.shape[0],
        question.shape[0],
        qtype.shape[0],
        qclass.shape[0],
        name_offset.shape[0],
        name_length.shape[0],
        behind.shape[0],
    )
    with cython.nogil:
        for i in range(start, rows.shape[0]):
            if used + _LONGEST_TEXT > room:
                stopped = i
                break
            if cython.compiled:
                if i + _AHEAD < rows.shape[0]:
                    at = offset[rows[i + _AHEAD]]
                    if 0 <= at < data.shape[0]:
                        __builtin_prefetch(cython.address(data[at]))
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            with cython.boundscheck(False):
                at = offset[row]
                end = at + length[row]
                short = 2 if cut[row] else 1
                name_offset[row] = used
            if at < 0 or end > data.shape[0]:
                outside = True
                break
            if end - at < 12:
                status[row] = short
                kind[row] = 2
                identifier[row] = 0
                flags[row] = 0
                questions[row] = 0
                answers[row] = 0
                additional[row] = 0
                rcode[row] = 0
                question[row] = 1
                qtype[row] = 0
                qclass[row] = 0
                name_length[row] = 0
                behind[row] = 0
                continue
            bits = _be16(data, at + 2)
            asked = _be16(data, at + 4)
            answered = _be16(data, at + 6)
            added = _be16(data, at + 10)
            outcome = 0
            read = 1
            type_number = 0
            class_number = 0
            out = used
            over = 12
            if asked + answered + _be16(data, at + 8) + added > 100:
                outcome = 1
            elif asked == 0:
                read = 2
            else:
                out = _name(data, at, end, at + 12, written, text, used, after)
                if out < 0 or after[0] + 4 > end:
                    outcome = short
                    out = used
                else:
                    read = 0
                    over = after[0] + 4 - at
                    type_number = _be16(data, after[0])
                    class_number = _be16(data, after[0] + 2)
            with cython.boundscheck(False):
                status[row] = outcome
                kind[row] = bits >> 15
                identifier[row] = _be16(data, at)
                flags[row] = bits
                questions[row] = asked
                answers[row] = answered
                additional[row] = added
                rcode[row] = bits & 15
                question[row] = read
                qtype[row] = type_number
                qclass[row] = class_number
                name_length[row] = cython.cast(I32, out - used)
                behind[row] = cython.cast(I32, over) if read != 1 else 0
            used = out
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
    if outside:
        raise IndexError(f"bytes {at} to {end} are not in data of {data.shape[0]} bytes")
    state[0] = used
    state[1] = stopped


def names(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    written: cython.const[U8][::1],
    place: cython.const[I64][::1],
    text: U8[::1],
    after: I64[::1],
) -> None:
    """Write the first question's name of each of `rows` to `text[place[i]:]`, as `walk` does.

    Only for names that `walk` could read; `place` has an entry for each of `rows`, and the room
    that `walk` said the name takes. `after` is scratch of length 1.
    IndexError when a message is not in the data.
    """
    i: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    outside: cython.bint = False
    with cython.nogil:
        for i in range(rows.shape[0]):
            at = offset[rows[i]]
            end = at + length[rows[i]]
            if at < 0 or end > data.shape[0]:
                outside = True
                break
            _name(data, at, end, at + 12, written, text, place[i], after)
    if outside:
        raise IndexError(f"bytes {at} to {end} are not in data of {data.shape[0]} bytes")
