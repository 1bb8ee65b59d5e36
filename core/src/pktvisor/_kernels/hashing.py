# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""MurmurHash3 x64 128 (Austin Appleby, public domain algorithm) over columns of keys.

The seed and the key encodings are those of Apache DataSketches' `update`, so that the hash of a
row here is the hash the sketch computes when the same key is handed to it from Python: integers
are 8 bytes little endian (IPv4 sign-extended from 32 bits), text is its UTF-8 bytes. The Python
sketch takes no bytes, so an IPv6 address travels as text of 16 code points U+0000-U+00FF, one per
address byte, and is hashed in that text's UTF-8 form.
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
