# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Match queries and replies by key in a bounded set-associative table.

A query opens an entry (or replaces the open one with its key); the first reply with that key closes
it. Keys spread over sets of `ways` entries; a full set gives up its oldest entry. One table row is
one entry: key, time (-1 = free), and the words the caller wants back.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

# So many rows ahead the entries to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 8)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mixed(key: cython.ulonglong, part: cython.ushort) -> cython.ulonglong:
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    return key ^ ((part * golden) & full)


def match(
    key: cython.const[U64][::1],
    part: cython.const[U16][::1],
    time: cython.const[I64][::1],
    kind: cython.const[U8][::1],
    value: cython.const[I64][:, ::1],
    start: cython.Py_ssize_t,
    ways: cython.Py_ssize_t,
    may_evict: cython.bint,
    entry_key: U64[::1],
    entry_time: I64[::1],
    entry_value: I64[:, ::1],
    reply: I64[::1],
    query_time: I64[::1],
    query_value: I64[:, ::1],
    state: I64[::1],
) -> None:
    """Run the rows from `start` on through the table in order: queries (kind 0) and replies (1).

    Rows of another kind are passed over. `key` and `part` together are a row's key. Times are
    nanoseconds and not negative. Each reply that closes a query adds an item to the outputs, behind
    those already there: its row, and the query's time and words. `state` holds open entries,
    evictions, the row where this call stopped (the end, or, unless `may_evict`, the first query
    that found its set full), and the number of items. The number of entries is a power of two and a
    multiple of `ways`.
    """
    row: cython.Py_ssize_t
    j: cython.Py_ssize_t
    base: cython.Py_ssize_t
    found: cython.Py_ssize_t
    free: cython.Py_ssize_t
    oldest: cython.Py_ssize_t
    mixed: U64
    words: cython.Py_ssize_t = value.shape[1]
    opened: I64 = state[0]
    evicted: I64 = state[1]
    stopped: cython.Py_ssize_t = key.shape[0]
    items: cython.Py_ssize_t = state[3]
    mask: U64 = cython.cast(U64, entry_key.shape[0] - 1)
    set_mask: U64 = mask ^ cython.cast(U64, ways - 1)
    size: cython.Py_ssize_t = entry_key.shape[0]
    least: cython.Py_ssize_t = min(part.shape[0], time.shape[0], kind.shape[0], value.shape[0])
    if start < 0 or least < key.shape[0]:
        raise IndexError(f"columns of {least} rows, {key.shape[0]} to read")
    if size & (size - 1) != 0 or ways < 1 or size % ways != 0 or ways & (ways - 1) != 0:
        raise ValueError("entries must be a power of two and a multiple of ways, another one")
    if min(entry_time.shape[0], entry_value.shape[0]) < size or entry_value.shape[1] < words:
        raise IndexError(f"tables shorter than {size} entries")
    # What is looked at in a table lies inside it by its masks; outputs are checked as they grow.
    with cython.nogil, cython.boundscheck(False):
        for row in range(start, key.shape[0]):
            if cython.compiled:
                if row + _AHEAD < key.shape[0]:
                    mixed = _mixed(key[row + _AHEAD], part[row + _AHEAD])
                    base = cython.cast(cython.Py_ssize_t, (mixed >> 20) & set_mask)
                    __builtin_prefetch(cython.address(entry_time[base]))
                    __builtin_prefetch(cython.address(entry_key[base]))
            if kind[row] > 1:
                continue
            mixed = _mixed(key[row], part[row])
            base = cython.cast(cython.Py_ssize_t, (mixed >> 20) & set_mask)
            found = -1
            free = -1
            oldest = base
            for j in range(base, base + ways):
                if entry_time[j] < 0:
                    if free < 0:
                        free = j
                elif entry_key[j] == mixed:
                    found = j
                    break
                elif entry_time[j] < entry_time[oldest]:
                    oldest = j
            if kind[row] == 1:
                if found >= 0:
                    with cython.boundscheck(True):
                        reply[items] = row
                        query_time[items] = entry_time[found]
                        for j in range(words):
                            query_value[items, j] = entry_value[found, j]
                    items += 1
                    entry_time[found] = -1
                    opened -= 1
                continue
            if found < 0:
                if free >= 0:
                    found = free
                elif may_evict:
                    found = oldest
                    evicted += 1
                    opened -= 1
                else:
                    stopped = row
                    break
                entry_key[found] = mixed
                opened += 1
            entry_time[found] = time[row]
            for j in range(words):
                entry_value[found, j] = value[row, j]
    state[0] = opened
    state[1] = evicted
    state[2] = stopped
    state[3] = items
