# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""MurmurHash3 x64 128 (Austin Appleby, public domain algorithm) over columns of keys; equal texts.

The seed and the key encodings are those of Apache DataSketches' `update`, so that the hash of a
row here is the hash the sketch computes when the same key is handed to it from Python: integers
are 8 bytes little endian (IPv4 sign-extended from 32 bits), text is its UTF-8 bytes. The Python
sketch takes no bytes, so an IPv6 address travels as text of 16 code points U+0000-U+00FF, one per
address byte, and is hashed in that text's UTF-8 form.

Most texts of a batch are there many times over. `group_slices` finds the distinct ones with a hash
that costs a third and is nobody's business outside, so that only those need the sketch's.
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
@cython.exceptval(check=False)
def _rotate(value: U64, bits: cython.int) -> U64:
    full: U64 = 0xFFFFFFFFFFFFFFFF
    return ((value << bits) & full) | (value >> (64 - bits))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _times(left: U64, right: U64) -> U64:
    full: U64 = 0xFFFFFFFFFFFFFFFF
    return (left * right) & full


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _finish(value: U64) -> U64:
    first: U64 = 0xFF51AFD7ED558CCD
    second: U64 = 0xC4CEB9FE1A85EC53
    value = _times(value ^ (value >> 33), first)
    value = _times(value ^ (value >> 33), second)
    return value ^ (value >> 33)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _le64(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> U64:
    """Little-endian 64-bit integer at a byte offset, its bounds checked once; 0 outside the data."""
    if at < 0 or at > data.shape[0] - 8:
        return 0
    if cython.compiled:
        return load_little64(cython.address(data[at]))
    a: U64 = data[at]
    b: U64 = data[at + 1]
    c: U64 = data[at + 2]
    d: U64 = data[at + 3]
    e: U64 = data[at + 4]
    f: U64 = data[at + 5]
    g: U64 = data[at + 6]
    h: U64 = data[at + 7]
    return a | (b << 8) | (c << 16) | (d << 24) | (e << 32) | (f << 40) | (g << 48) | (h << 56)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _tail(data: cython.const[U8][::1], at: cython.Py_ssize_t, size: cython.Py_ssize_t) -> U64:
    """The little-endian integer of the 1-8 bytes at an offset; 0 outside the data."""
    full: U64 = 0xFFFFFFFFFFFFFFFF
    value: U64 = 0
    i: cython.Py_ssize_t
    if at < 0 or at > data.shape[0] - size:
        return 0
    if at <= data.shape[0] - 8:
        return _le64(data, at) & (full >> cython.cast(U64, 64 - 8 * size))
    for i in range(size - 1, -1, -1):
        value = ((value << 8) & full) | data[at + i]
    return value


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _close(
    h1: U64, h2: U64, length: U64, out1: U64[::1], out2: U64[::1], row: cython.Py_ssize_t
) -> cython.int:
    """The final mixing; writes both halves of the hash."""
    full: U64 = 0xFFFFFFFFFFFFFFFF
    h1 ^= length
    h2 ^= length
    h1 = (h1 + h2) & full
    h2 = (h2 + h1) & full
    h1 = _finish(h1)
    h2 = _finish(h2)
    h1 = (h1 + h2) & full
    out1[row] = h1
    out2[row] = (h2 + h1) & full
    return 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _hash_bytes(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
    seed: U64,
    out1: U64[::1],
    out2: U64[::1],
    row: cython.Py_ssize_t,
) -> cython.int:
    """Hash `data[at:at + length]` into row `row`."""
    c1: U64 = 0x87C37B91114253D5
    c2: U64 = 0x4CF5AD432745937F
    add1: U64 = 0x52DCE729
    add2: U64 = 0x38495AB5
    full: U64 = 0xFFFFFFFFFFFFFFFF
    h1: U64 = seed
    h2: U64 = seed
    k1: U64
    k2: U64
    left: cython.Py_ssize_t = length
    while left >= 16:
        k1 = _le64(data, at)
        k2 = _le64(data, at + 8)
        h1 ^= _times(_rotate(_times(k1, c1), 31), c2)
        h1 = (_rotate(h1, 27) + h2) & full
        h1 = (h1 * 5 + add1) & full
        h2 ^= _times(_rotate(_times(k2, c2), 33), c1)
        h2 = (_rotate(h2, 31) + h1) & full
        h2 = (h2 * 5 + add2) & full
        at += 16
        left -= 16
    if left > 8:
        k2 = _tail(data, at + 8, left - 8)
        h2 ^= _times(_rotate(_times(k2, c2), 33), c1)
    if left > 0:
        k1 = _tail(data, at, min(left, 8))
        h1 ^= _times(_rotate(_times(k1, c1), 31), c2)
    return _close(h1, h2, cython.cast(U64, length), out1, out2, row)


def hash_slices(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    out1: U64[::1],
    out2: U64[::1],
) -> None:
    """Hash the byte slice of each of `rows`; hash i belongs to `rows[i]`.

    IndexError when one of them is not in the data.
    """
    i: cython.Py_ssize_t
    at: cython.Py_ssize_t
    size: cython.Py_ssize_t
    outside: cython.bint = False
    with cython.nogil:
        for i in range(rows.shape[0]):
            at = offset[rows[i]]
            size = length[rows[i]]
            if at < 0 or size < 0 or at > data.shape[0] - size:
                outside = True
                break
            _hash_bytes(data, at, size, seed, out1, out2, i)
    if outside:
        raise IndexError(f"{size} bytes at {at} are not in data of {data.shape[0]} bytes")


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _secret_hash(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
    factor: U64,
    seed: U64,
) -> U64:
    """A hash whose odd multipliers come from the seed: who does not know it cannot aim at a slot.

    Up to 32 bytes are four words of 8 bytes that may overlap, so that there is no branch on the
    length: that differs from text to text and cannot be predicted.
    """
    full: U64 = 0xFFFFFFFFFFFFFFFF
    two: U64 = 2
    value: U64 = _times(cython.cast(U64, length) ^ seed, factor)
    last: cython.Py_ssize_t
    while length > 32:
        value = _times(value ^ _le64(data, at), factor)
        value ^= value >> 32
        at += 8
        length -= 8
    if length >= 8:
        last = length - 8
        value += _times(_le64(data, at), (factor + two) & full)
        value += _times(_le64(data, at + min(8, last)), (factor + two * two) & full)
        value += _times(_le64(data, at + min(16, last)), (factor ^ (seed << 1)) & full)
        value += _times(_le64(data, at + last), (factor ^ (seed << 2)) & full)
    elif length > 0:
        value ^= _tail(data, at, length)
    value &= full
    value = _times(value ^ (value >> 32), factor)
    return _times(value ^ (value >> 32), factor)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _equal(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    other: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
) -> cython.bint:
    """Whether two slices of the data, which are there, hold the same bytes."""
    i: cython.Py_ssize_t
    if cython.compiled:
        if length == 0:
            return True
        return (
            compare_bytes(
                cython.address(data[at]),
                cython.address(data[other]),
                cython.cast(cython.size_t, length),
            )
            == 0
        )
    for i in range(length):
        if data[at + i] != data[other + i]:
            return False
    return True


def group_slices(
    data: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    slots: I32[::1],
    first: I64[::1],
    count: I64[::1],
    which: I32[::1],
) -> int:
    """Find the distinct byte slices of `rows`, in order of first appearance; returns their number.

    Writes the first row of each to `first`, how many rows have it to `count`, and to `which[row]`
    its number. `slots` is scratch filled with -1, a power of two longer than the rows.
    IndexError when a slice is not in the data.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    size: cython.Py_ssize_t = 0
    slot: cython.Py_ssize_t
    known: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    outside: cython.bint = False
    foreign: cython.bint = False
    one: U64 = 1
    factor: U64 = _finish(seed) | one
    least: cython.Py_ssize_t = min(offset.shape[0], length.shape[0], which.shape[0])
    if slots.shape[0] <= rows.shape[0] or min(first.shape[0], count.shape[0]) < rows.shape[0]:
        raise ValueError("slots must be longer than rows, first and count as long")
    if slots.shape[0] & (slots.shape[0] - 1) != 0:
        raise ValueError("slots must be a power of two")
    with cython.nogil, cython.boundscheck(False):
        for i in range(rows.shape[0]):
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            at = offset[row]
            size = length[row]
            if at < 0 or size < 0 or at > data.shape[0] - size:
                outside = True
                break
            slot = cython.cast(
                cython.Py_ssize_t, (_secret_hash(data, at, size, factor, seed) >> 32) & mask
            )
            while True:
                known = slots[slot]
                if known < 0:
                    slots[slot] = cython.cast(I32, found)
                    first[found] = row
                    count[found] = 1
                    known = found
                    found += 1
                    break
                if length[first[known]] == size and _equal(data, at, offset[first[known]], size):
                    count[known] += 1
                    break
                slot = cython.cast(cython.Py_ssize_t, cython.cast(U64, slot + 1) & mask)
            which[row] = cython.cast(I32, known)
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
    if outside:
        raise IndexError(f"{size} bytes at {at} are not in data of {data.shape[0]} bytes")
    return found


def hash_addresses(
    version: cython.const[U8][::1],
    hi: cython.const[U64][::1],
    lo: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    scratch: U8[::1],
    out1: U64[::1],
    out2: U64[::1],
) -> None:
    """Hash the address of each of `rows`; hash i belongs to `rows[i]`. `scratch` has 32 bytes."""
    i: cython.Py_ssize_t
    j: cython.int
    row: cython.Py_ssize_t
    used: cython.int
    piece: cython.int
    key: U64
    sign: U64 = 0x80000000
    upper: U64 = 0xFFFFFFFF00000000
    c1: U64 = 0x87C37B91114253D5
    c2: U64 = 0x4CF5AD432745937F
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            if version[row] == 4:
                key = lo[row]
                if key & sign:
                    key |= upper
                _close(seed ^ _times(_rotate(_times(key, c1), 31), c2), seed, 8, out1, out2, i)
            else:
                used = 0
                for j in range(16):
                    key = hi[row] if j < 8 else lo[row]
                    piece = cython.cast(
                        cython.int, (key >> cython.cast(U64, 56 - 8 * (j & 7))) & 255
                    )
                    if piece < 128:
                        scratch[used] = piece
                        used += 1
                    else:
                        scratch[used] = 0xC0 | (piece >> 6)
                        scratch[used + 1] = 0x80 | (piece & 0x3F)
                        used += 2
                _hash_bytes(scratch, 0, used, seed, out1, out2, i)
