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
    """Find the distinct keys of `rows`, in order of first appearance, and return their number.

    Writes the first row of each key to `first`, and at that row how many rows have the key to `count`
    and the sum of their `amount` to `total`; both empty leave the sum out. `slots` is scratch
    filled with -1, a power of two longer than the rows.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    known: cython.Py_ssize_t
    summed: cython.bint = amount.shape[0] > 0
    mixed: U64
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    foreign: cython.bint = False
    least: cython.Py_ssize_t = min(key0.shape[0], key1.shape[0], count.shape[0])
    if summed:
        least = min(least, amount.shape[0], total.shape[0])
    if slots.shape[0] <= rows.shape[0] or first.shape[0] < rows.shape[0]:
        raise ValueError("slots must be longer than rows, first as long")
    if slots.shape[0] & (slots.shape[0] - 1) != 0:
        raise ValueError("slots must be a power of two")
    with cython.nogil, cython.boundscheck(False):
        for i in range(rows.shape[0]):
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            mixed = (((key0[row] ^ seed) * golden) & full) ^ key1[row]
            mixed = (mixed * golden) & full
            at = cython.cast(cython.Py_ssize_t, (mixed >> 32) & mask)
            while True:
                known = slots[at]
                if known < 0:
                    slots[at] = cython.cast(I32, row)
                    first[found] = row
                    found += 1
                    count[row] = 1
                    if summed:
                        total[row] = amount[row]
                    break
                if key0[known] == key0[row] and key1[known] == key1[row]:
                    count[known] += 1
                    if summed:
                        total[known] += amount[row]
                    break
                at = cython.cast(cython.Py_ssize_t, cython.cast(U64, at + 1) & mask)
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
    return found


def runs(
    times: cython.const[I64][::1],
    width: cython.longlong,
    start: I64[::1],
    piece: I64[::1],
    count: I64[::1],
) -> int:
    """Find the runs of rows whose times lie in the same piece of `width`; returns their number.

    Writes the first row of each run to `start`, its time divided by `width`, rounded down, to
    `piece`, and its rows to `count`; each is as long as the times.
    """
    row: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    began: cython.Py_ssize_t = 0
    low: I64 = 0
    full: U64 = 0xFFFFFFFFFFFFFFFF
    wide: U64 = cython.cast(U64, width)
    if width <= 0:
        raise ValueError("width must be positive")
    with cython.nogil:
        for row in range(times.shape[0]):
            # In two's complement the difference is right even where it takes all 64 bits.
            if row > 0 and cython.cast(U64, times[row] - low) & full < wide:
                continue
            if row > 0:
                count[found - 1] = row - began
            began = row
            start[found] = row
            piece[found] = times[row] // width
            low = piece[found] * width
            found += 1
        if found > 0:
            count[found - 1] = times.shape[0] - began
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
