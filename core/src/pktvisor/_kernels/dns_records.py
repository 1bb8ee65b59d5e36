# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Read what lies behind the questions of DNS messages: signatures and EDNS (RFC 6891, RFC 7871).

Strategy: step over records without following their names' pointers, so a walk always goes forward;
what claims more than 100 records is left alone. Nothing is read unless somebody asks for it, but
for the extended response codes, which replies with additional records need.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
I32 = cython.typedef(cython.int)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

_OPT = cython.declare(cython.int, 41)
_RRSIG = cython.declare(cython.int, 46)
_NO_TYPE = cython.declare(cython.int, -1)
_MOST_RECORDS = cython.declare(cython.int, 100)

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
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _behind_name(
    data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """The offset behind the name at `at`, or -1 when the message ends before it; no jumps."""
    size: cython.int
    while at < end:
        size = data[at]
        if size == 0:
            return at + 1
        if size >= 0xC0:
            return at + 2
        if size > 63:
            return -1
        at += size + 1
    return -1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _records(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    number: cython.int,
    wanted: cython.int,
    behind: I64[::1],
) -> cython.Py_ssize_t:
    """Go over `number` resource records; the offset behind the owner's name of the first of a type.

    -1 when none has the type. Stops at the one it found; `behind[0]` becomes the offset behind
    the last record gone over, or -1 when the message ends before that.
    """
    while number > 0:
        number -= 1
        at = _behind_name(data, at, end)
        if at < 0 or at + 10 > end:
            behind[0] = -1
            return -1
        if _be16(data, at) == wanted and at + 10 + _be16(data, at + 8) <= end:
            behind[0] = at + 10 + _be16(data, at + 8)
            return at
        at += 10 + _be16(data, at + 8)
    behind[0] = at if at <= end else -1
    return -1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _behind_questions(
    data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t, number: cython.int
) -> cython.Py_ssize_t:
    """The offset behind `number` questions, or -1 when the message ends before that."""
    while number > 0:
        number -= 1
        at = _behind_name(data, at, end)
        if at < 0 or at + 4 > end:
            return -1
        at += 4
    return at


def extend_rcodes(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    flags: cython.const[U16][::1],
    behind: cython.const[I32][::1],
    additional: cython.const[U16][::1],
    rcode: U16[::1],
    after: I64[::1],
) -> None:
    """Put the upper eight bits of a reply's OPT record into its response code (RFC 6891 s. 6.1.3).

    All columns but `rows` are indexed by row, as `dns_walk.walk` filled them. Replies without
    additional records, those whose question could not be read (`behind` 0) and those in which no
    OPT record can be reached keep the header's four bits. `after` is scratch of length 1. IndexError
    when a message is not in the data.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    outside: cython.bint = False
    with cython.nogil:
        for i in range(rows.shape[0]):
            if cython.compiled:
                if i + _AHEAD < rows.shape[0]:
                    row = rows[i + _AHEAD]
                    at = offset[row] + behind[row]
                    if 0 <= at < data.shape[0]:
                        __builtin_prefetch(cython.address(data[at]))
            row = rows[i]
            if additional[row] == 0 or flags[row] < 0x8000 or behind[row] == 0:
                continue
            at = offset[row]
            end = at + length[row]
            if at < 0 or end > data.shape[0]:
                outside = True
                break
            after[0] = _behind_questions(data, at + behind[row], end, _be16(data, at + 4) - 1)
            if after[0] < 0:
                continue
            _records(
                data, after[0], end, _be16(data, at + 6) + _be16(data, at + 8), _NO_TYPE, after
            )
            if after[0] < 0:
                continue
            at = _records(data, after[0], end, additional[row], _OPT, after)
            if at >= 0:
                rcode[row] = (rcode[row] & 15) | (cython.cast(cython.int, data[at + 4]) << 4)
    if outside:
        raise IndexError(f"bytes {at} to {end} are not in data of {data.shape[0]} bytes")


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _client_subnet(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    row: cython.Py_ssize_t,
    version: U8[::1],
    prefix: U8[::1],
    hi: U64[::1],
    lo: U64[::1],
) -> cython.int:
    """Look for a client subnet among the EDNS options in `data[at:end]` (RFC 7871 section 6)."""
    size: cython.int
    bits: cython.int
    used: cython.int
    byte: cython.int
    i: cython.int
    while at + 4 <= end:
        size = _be16(data, at + 2)
        if at + 4 + size > end:
            return 0
        if _be16(data, at) == 8:
            if size < 5:
                return 0
            used = _be16(data, at + 4)
            bits = data[at + 6]
            if used < 1 or used > 2 or bits < 1 or bits > (32 if used == 1 else 128):
                return 0
            if size - 4 > (4 if used == 1 else 16) or 8 * (size - 4) < bits:
                return 0
            version[row] = 4 if used == 1 else 6
            prefix[row] = bits
            hi[row] = 0
            lo[row] = 0
            for i in range(size - 4):
                byte = data[at + 8 + i]
                if 8 * i >= bits:
                    byte = 0
                elif 8 * i + 8 > bits:
                    byte &= 0xFF00 >> (bits - 8 * i)
                if used == 1:
                    lo[row] |= cython.cast(U64, byte) << cython.cast(U64, 24 - 8 * i)
                elif i < 8:
                    hi[row] |= cython.cast(U64, byte) << cython.cast(U64, 56 - 8 * i)
                else:
                    lo[row] |= cython.cast(U64, byte) << cython.cast(U64, 120 - 8 * i)
            return 1
        at += 4 + size
    return 0


def records(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    signed: U8[::1],
    ecs_version: U8[::1],
    ecs_prefix: U8[::1],
    ecs_hi: U64[::1],
    ecs_lo: U64[::1],
    after: I64[::1],
) -> None:
    """Read what lies behind the questions of the messages `data[offset:+length]` in `rows`.

    All columns are indexed by row and zeroed beforehand. `signed` becomes 1 where the answers hold
    an RRSIG record; the `ecs_…` columns the client subnet of the first OPT record, wherever among
    the additional records and its options: version 4 or 6, bits of the prefix, and the address with
    all other bits zero. A subnet of no bits, or not as RFC 7871 has it, is none. `after` is scratch
    of length 1. IndexError when a message is not in the data.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    opt: cython.Py_ssize_t
    found: cython.Py_ssize_t
    number: cython.int
    outside: cython.bint = False
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            at = offset[row]
            end = at + length[row]
            if at < 0 or end > data.shape[0]:
                outside = True
                break
            if end - at < 12:
                continue
            number = _be16(data, at + 6) + _be16(data, at + 8)
            if _be16(data, at + 4) + number + _be16(data, at + 10) > _MOST_RECORDS:
                continue
            opt = _behind_questions(data, at + 12, end, _be16(data, at + 4))
            if opt < 0:
                continue
            found = _records(data, opt, end, _be16(data, at + 6), _RRSIG, after)
            if found >= 0:
                signed[row] = 1
            if _be16(data, at + 10) == 0:
                continue
            _records(data, opt, end, number, _NO_TYPE, after)
            if after[0] < 0:
                continue
            opt = _records(data, after[0], end, _be16(data, at + 10), _OPT, after)
            if opt >= 0:
                _client_subnet(
                    data, opt + 10, opt + 10 + _be16(data, opt + 8), row,
                    ecs_version, ecs_prefix, ecs_hi, ecs_lo,
                )  # fmt: skip
    if outside:
        raise IndexError(f"bytes {at} to {end} are not in data of {data.shape[0]} bytes")
