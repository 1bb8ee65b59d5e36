# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Group rows by key, and sum by small group numbers: what masks would do in many passes."""

import cython

U8 = cython.typedef(cython.uchar)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


def distinct(
    key0: cython.const[U64][::1],
    key1: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    slots: I32[::1],
    first: I64[::1],
    count: I64[::1],
    amount: cython.const[U32][::1],
    total: I64[::1],
) -> int:
    """Find the distinct keys of `rows`, in order of first appearance.

    Writes the first row of each key to `first` and how many rows have it to `count`, and returns
    the number of keys. The sum of the rows' `amount` goes to `total`; both empty leave it out. `slots` is scratch filled with -1, a power of two longer than the rows.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    known: cython.Py_ssize_t
    summed: cython.bint = amount.shape[0] > 0
    mixed: U64
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    if slots.shape[0] <= rows.shape[0]:
        raise ValueError("slots must be longer than rows")
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            mixed = (((key0[row] ^ seed) * golden) & full) ^ key1[row]
            mixed = (mixed * golden) & full
            at = cython.cast(cython.Py_ssize_t, (mixed >> 32) & mask)
            while True:
                known = slots[at]
                if known < 0:
                    slots[at] = cython.cast(I32, found)
                    first[found] = row
                    count[found] = 1
                    known = found
                    found += 1
                    if summed:
                        total[known] = amount[row]
                    break
                if key0[first[known]] == key0[row] and key1[first[known]] == key1[row]:
                    count[known] += 1
                    if summed:
                        total[known] += amount[row]
                    break
                at = cython.cast(cython.Py_ssize_t, cython.cast(U64, at + 1) & mask)
    return found


def sums(
    group: cython.const[U8][::1],
    amount: cython.const[U32][::1],
    starts: cython.const[I64][::1],
    counts: I64[:, ::1],
    totals: I64[:, ::1],
) -> None:
    """Count rows and add up `amount` by run and group, into two zeroed (runs, groups) tables.

    Run r is the rows from `starts[r]` to the next start; every group number has its column.
    """
    run: cython.Py_ssize_t
    row: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    with cython.nogil:
        for run in range(starts.shape[0]):
            stop = group.shape[0]
            if run + 1 < starts.shape[0]:
                stop = starts[run + 1]
            for row in range(starts[run], stop):
                counts[run, group[row]] += 1
                totals[run, group[row]] += amount[row]
