# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Cut DNS names to their last two and last three labels, as pktvisor counts qname2 and qname3.

Names are presentation text without a final dot, dots inside labels escaped, so every "." is a label
boundary. A cut that drops labels keeps the dot in front of what is left; one that drops nothing
is the whole name. A suffix length (public suffix, filter) moves the search in front of the suffix.
"""

import cython

U8 = cython.typedef(cython.uchar)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _dot_before(
    text: cython.const[U8][::1], offset: cython.Py_ssize_t, at: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Position of the last dot at or before `at` in the name, or -1."""
    while at >= 0:
        if text[offset + at] == 46:
            return at
        at -= 1
    return -1


def aggregate(
    text: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    suffix: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    offset2: I64[::1],
    length2: I32[::1],
    offset3: I64[::1],
    length3: I32[::1],
) -> None:
    """Write the qname2 and qname3 slices of each of `rows`; all columns are indexed by row.

    `suffix` is the suffix length per row, or empty for none. A qname3 of length 0 does not count.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    start: cython.Py_ssize_t
    size: cython.Py_ssize_t
    at: cython.Py_ssize_t
    first: cython.Py_ssize_t
    second: cython.Py_ssize_t
    third: cython.Py_ssize_t
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            start = offset[row]
            size = length[row]
            offset2[row] = start
            length2[row] = cython.cast(I32, size)
            offset3[row] = start
            length3[row] = 0
            if size < 5:
                continue
            at = size - 1
            if suffix.shape[0] > 0 and suffix[row] > 0 and size > suffix[row]:
                at = size - suffix[row]
            elif text[start + size - 1] == 46:
                at = size - 2
            first = _dot_before(text, start, at)
            if first <= 0:
                length3[row] = cython.cast(I32, size)
                continue
            second = _dot_before(text, start, first - 1)
            if second < 0:
                continue
            offset2[row] = start + second
            length2[row] = cython.cast(I32, size - second)
            length3[row] = cython.cast(I32, size)
            if second > 0:
                third = _dot_before(text, start, second - 1)
                if third >= 0:
                    offset3[row] = start + third
                    length3[row] = cython.cast(I32, size - third)
