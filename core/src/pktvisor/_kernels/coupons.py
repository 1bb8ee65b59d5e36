# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Tell which keys a CPC sketch has not seen, from a bit matrix of coupons already offered.

A CPC sketch (Lang 2017) reduces a hash to a coupon: row = low lg_k bits of the first half, column
= leading zeros of the second half. Offering a known coupon changes nothing, so only rows whose
coupon is new need a call into the sketch, and the sketch's bytes stay what they would have been.
"""

import cython

U8 = cython.typedef(cython.uchar)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

COMPILER = cython.__version__


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _leading_zeros(value: U64) -> cython.int:
    """Leading zero bits of a 64-bit word; 63 for zero, the last column of the matrix."""
    if value == 0:
        return 63
    if cython.compiled:
        return __builtin_clzll(value)
    return 64 - value.bit_length()


def unseen(
    h1: cython.const[U64][::1],
    h2: cython.const[U64][::1],
    matrix: U64[::1],
    fresh: I64[::1],
) -> int:
    """Mark every coupon in `matrix` (k words, k a power of two); positions of new ones in `fresh`.

    Returns how many entries of `fresh` (as long as the hashes) were written.
    """
    i: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    slot: cython.Py_ssize_t
    bit: U64
    one: U64 = 1
    mask: U64 = cython.cast(U64, matrix.shape[0] - 1)
    with cython.nogil:
        for i in range(h1.shape[0]):
            slot = cython.cast(cython.Py_ssize_t, h1[i] & mask)
            bit = one << cython.cast(U64, _leading_zeros(h2[i]))
            if matrix[slot] & bit == 0:
                matrix[slot] |= bit
                fresh[found] = i
                found += 1
    return found
