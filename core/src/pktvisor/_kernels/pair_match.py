# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Match queries and replies by key in a bounded set-associative table.

A query opens an entry (or replaces the open one with its key); the first reply with that key closes
it. Keys spread over sets of `ways` entries; a full set gives up its oldest entry. One table row is
one entry: key, time, and a value the caller wants back (time -1 = free).
"""

import cython

U8 = cython.typedef(cython.uchar)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)


def match(
    key: cython.const[U64][::1],
    time: cython.const[I64][::1],
    is_reply: cython.const[U8][::1],
    value: cython.const[I64][::1],
    rows: cython.const[I64][::1],
    start: cython.Py_ssize_t,
    ways: cython.Py_ssize_t,
    may_evict: cython.bint,
    entry_key: U64[::1],
    entry_time: I64[::1],
    entry_value: I64[::1],
    query_time: I64[::1],
    query_value: I64[::1],
    state: I64[::1],
) -> None:
    """Run `rows[start:]` through the table in order.

    Times are nanoseconds and not negative. `query_time[row]` becomes the time of the query a reply
    closed, else -1, and `query_value[row]` its value. `state` holds open entries, evictions, and the
    position where this call stopped: the end, or, unless `may_evict`, the first query that found
    its set full. The number of entries is a power of two and a multiple of `ways`.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    row: cython.Py_ssize_t
    base: cython.Py_ssize_t
    found: cython.Py_ssize_t
    free: cython.Py_ssize_t
    oldest: cython.Py_ssize_t
    opened: I64 = state[0]
    evicted: I64 = state[1]
    stopped: cython.Py_ssize_t = rows.shape[0]
    mask: U64 = cython.cast(U64, entry_key.shape[0] - 1)
    set_mask: U64 = mask ^ cython.cast(U64, ways - 1)
    with cython.nogil:
        for i in range(start, rows.shape[0]):
            row = rows[i]
            base = cython.cast(cython.Py_ssize_t, (key[row] >> 20) & set_mask)
            found = -1
            free = -1
            oldest = base
            for j in range(base, base + ways):
                if entry_time[j] < 0:
                    if free < 0:
                        free = j
                elif entry_key[j] == key[row]:
                    found = j
                    break
                elif entry_time[j] < entry_time[oldest]:
                    oldest = j
            if is_reply[row]:
                if found < 0:
                    query_time[row] = -1
                    query_value[row] = 0
                else:
                    query_time[row] = entry_time[found]
                    query_value[row] = entry_value[found]
                    entry_time[found] = -1
                    opened -= 1
                continue
            query_time[row] = -1
            query_value[row] = 0
            if found < 0:
                if free >= 0:
                    found = free
                elif may_evict:
                    found = oldest
                    evicted += 1
                    opened -= 1
                else:
                    stopped = i
                    break
                entry_key[found] = key[row]
                opened += 1
            entry_time[found] = time[row]
            entry_value[found] = value[row]
    state[0] = opened
    state[1] = evicted
    state[2] = stopped
