# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Count weights by 128-bit key in a bounded open-addressing table (Misra and Gries 1982).

A slot is four words: both key halves, the count (0 = free) and where the key's text lies in the
pool (offset in the upper 32 bits, length in the lower). Slots are probed linearly from a seeded
mix of the key. The table never evicts on its own: `add` stops when it is full, and the caller
rebuilds it, larger or with every count lowered.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)

# So many rows ahead the entries to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 8)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mix(value: U64) -> U64:
    """The finaliser of SplitMix64."""
    first: U64 = 0xBF58476D1CE4E5B9
    second: U64 = 0x94D049BB133111EB
    full: U64 = 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * first) & full
    value = ((value ^ (value >> 27)) * second) & full
    return value ^ (value >> 31)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _home(slots: U64[:, ::1], k0: U64, k1: U64, seed: U64) -> cython.Py_ssize_t:
    """The first slot where a key may be."""
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    return cython.cast(cython.Py_ssize_t, _mix((((k0 ^ seed) * golden) & full) ^ k1) & mask)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(-2, check=False)
def _find(slots: U64[:, ::1], k0: U64, k1: U64, seed: U64) -> cython.Py_ssize_t:
    """The slot of a key, or the free slot where it belongs; -1 when the table has neither.

    The mask keeps it inside a table whose shape `_check` has seen.
    """
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    at: cython.Py_ssize_t = _home(slots, k0, k1, seed)
    tries: cython.Py_ssize_t
    for tries in range(slots.shape[0]):
        if slots[at, 2] == 0 or (slots[at, 0] == k0 and slots[at, 1] == k1):
            return at
        at = cython.cast(cython.Py_ssize_t, cython.cast(U64, at + 1) & mask)
    return -1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check(slots: cython.const[U64][:, ::1]) -> cython.int:
    """ValueError unless these are slots: a power of two of them, of four words."""
    size: cython.Py_ssize_t = slots.shape[0]
    if size < 1 or size & (size - 1) != 0 or slots.shape[1] != 4:
        raise ValueError("slots must be a power of two of rows of four words")
    return 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _copy(
    source: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
    pool: U8[::1],
    used: cython.Py_ssize_t,
) -> cython.bint:
    """Copy a text to the end of the used part of a pool; False where either has no such bytes."""
    j: cython.Py_ssize_t
    if length < 0 or at < 0 or used < 0:
        return False
    if at > source.shape[0] - length or used > pool.shape[0] - length:
        return False
    if length > 0:
        if cython.compiled:
            copy_bytes(cython.address(pool[used]), cython.address(source[at]), length)
        else:
            for j in range(length):
                pool[used + j] = source[at + j]
    return True


def add(
    key0: cython.const[U64][::1],
    key1: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    start: cython.Py_ssize_t,
    weight: cython.const[I64][::1],
    text: cython.const[U8][::1],
    text_offset: cython.const[I64][::1],
    text_length: cython.const[I32][::1],
    seed: cython.ulonglong,
    limit: cython.Py_ssize_t,
    slots: U64[:, ::1],
    pool: U8[::1],
    state: I64[::1],
) -> None:
    """Add the weight of each of `rows[start:]` to its key's count.

    Keys, weights and text slices are indexed by row; an empty `weight` means 1 each, an empty
    `text_offset` keys without text. `state` holds entries, pool bytes used, and the position in
    `rows` where this call stopped: the end, or the first row that needs a new entry when `limit`
    entries are taken or the pool has no room.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t = 0
    slot: cython.Py_ssize_t
    used: cython.Py_ssize_t = state[1]
    entries: cython.Py_ssize_t = state[0]
    length: cython.Py_ssize_t
    amount: I64 = 1
    weighted: cython.bint = weight.shape[0] > 0
    named: cython.bint = text_offset.shape[0] > 0
    stopped: cython.Py_ssize_t = rows.shape[0]
    foreign: cython.bint = False
    least: cython.Py_ssize_t = min(key0.shape[0], key1.shape[0])
    if weighted:
        least = min(least, weight.shape[0])
    if named:
        least = min(least, text_offset.shape[0], text_length.shape[0])
    _check(slots)
    if start < 0:
        raise IndexError(f"start {start} is below 0")
    with cython.nogil, cython.boundscheck(False):
        for i in range(start, rows.shape[0]):
            if cython.compiled:
                row = rows[min(i + _AHEAD, rows.shape[0] - 1)]
                if 0 <= row < least:
                    slot = _home(slots, key0[row], key1[row], seed)
                    __builtin_prefetch(cython.address(slots[slot, 0]))
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            if weighted:
                amount = weight[row]
                if amount <= 0:
                    continue
            slot = _find(slots, key0[row], key1[row], seed)
            if slot < 0:
                stopped = i
                break
            if slots[slot, 2] == 0:
                if entries >= limit:
                    stopped = i
                    break
                if named:
                    length = text_length[row]
                    if used + length > pool.shape[0]:
                        stopped = i
                        break
                    if not _copy(text, text_offset[row], length, pool, used):
                        foreign = True
                        break
                    slots[slot, 3] = (cython.cast(U64, used) << 32) | cython.cast(U64, length)
                    used += length
                slots[slot, 0] = key0[row]
                slots[slot, 1] = key1[row]
                entries += 1
            slots[slot, 2] += cython.cast(U64, amount)
    if foreign:
        raise IndexError(f"row {row} or its text is not in columns of {least} rows")
    state[0] = entries
    state[1] = used
    state[2] = stopped


def collect(
    slots: cython.const[U64][:, ::1], lowered: cython.longlong, found: U64[:, ::1]
) -> cython.Py_ssize_t:
    """Copy every entry whose count exceeds `lowered`, less that much, to the front of `found`.

    Returns how many there are; `found` is as long as `slots`, and undefined behind them. Counts are
    above or below at random, so there is no branch for each.
    """
    i: cython.Py_ssize_t
    kept: cython.Py_ssize_t = 0
    less: U64 = cython.cast(U64, lowered)
    if slots.shape[1] != 4 or found.shape[1] != 4 or found.shape[0] < slots.shape[0]:
        raise ValueError("slots have four words, and there are as many found ones")
    # No more are kept than were looked at.
    with cython.nogil, cython.boundscheck(False):
        for i in range(slots.shape[0]):
            found[kept, 0] = slots[i, 0]
            found[kept, 1] = slots[i, 1]
            found[kept, 2] = slots[i, 2] - min(slots[i, 2], less)
            found[kept, 3] = slots[i, 3]
            kept += slots[i, 2] > less
    return kept


def insert(
    entries: cython.const[U64][:, ::1],
    pool: cython.const[U8][::1],
    seed: cython.ulonglong,
    slots: U64[:, ::1],
    new_pool: U8[::1],
    state: I64[::1],
) -> None:
    """Put entries, of different keys and with their text in `pool`, into an empty table.

    `slots` are zeroed and have room for all of them, `new_pool` for their text. `state` becomes
    entries and pool bytes used.
    """
    i: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    at: cython.Py_ssize_t
    length: cython.Py_ssize_t
    used: cython.Py_ssize_t = 0
    low: U64 = 0xFFFFFFFF
    torn: cython.bint = False
    _check(slots)
    if entries.shape[1] != 4:
        raise ValueError("entries have four words")
    with cython.nogil, cython.boundscheck(False):
        for i in range(entries.shape[0]):
            slot = _find(slots, entries[i, 0], entries[i, 1], seed)
            at = cython.cast(cython.Py_ssize_t, entries[i, 3] >> 32)
            length = cython.cast(cython.Py_ssize_t, entries[i, 3] & low)
            if slot < 0 or not _copy(pool, at, length, new_pool, used):
                torn = True
                break
            slots[slot, 0] = entries[i, 0]
            slots[slot, 1] = entries[i, 1]
            slots[slot, 2] = entries[i, 2]
            slots[slot, 3] = (cython.cast(U64, used) << 32) | cython.cast(U64, length)
            used += length
    if torn:
        raise ValueError("no room for an entry, or for its text")
    state[0] = entries.shape[0]
    state[1] = used


def count(numbers: cython.const[U16][::1], counts: I64[::1]) -> None:
    """Add one to `counts[number]` for every number; `counts` has 65536 entries."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(numbers.shape[0]):
            counts[numbers[i]] += 1
