# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Look addresses up in the search tree of a MaxMind DB (MaxMind DB file format, version 2.0).

A node is two records of 24, 28 or 32 bits; each address bit, highest first, picks one. A record
below the node count is the next node, equal to it means "nothing here", above it points into the
data section.

A walk costs a memory access a bit, each of which waits for the one before. Three things save it: a
table of the record behind every value of the first address bits, expanded once from the tree;
direct-mapped caches of addresses looked up lately, that of IPv4 with one word an entry so that it
stays near the processor; and walking all addresses of a call together, bit by bit, so that one does
not wait for another. Caches are seeded, so nobody who sends packets can choose which entries
collide.

A broken tree can lead anywhere, but for no more steps than an address has bits, and every index is
checked.
"""

import cython

U8 = cython.typedef(cython.uchar)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

# So many rows ahead the entries to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 20)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _record(
    tree: cython.const[U8][::1], record_size: cython.int, node: I64, right: cython.int
) -> I64:
    """The left (0) or right (1) record of a node."""
    at: cython.Py_ssize_t
    a: I64
    b: I64
    c: I64
    d: I64
    if record_size == 28:  # the middle byte holds the top four bits of both
        at = cython.cast(cython.Py_ssize_t, node * 7)
        d = (tree[at + 3] >> (4 - 4 * right)) & 15
        at += 4 * right
        a = tree[at]
        b = tree[at + 1]
        c = tree[at + 2]
        return (d << 24) | (a << 16) | (b << 8) | c
    if record_size == 24:
        at = cython.cast(cython.Py_ssize_t, node * 6 + 3 * right)
        a = tree[at]
        b = tree[at + 1]
        c = tree[at + 2]
        return (a << 16) | (b << 8) | c
    at = cython.cast(cython.Py_ssize_t, node * 8 + 4 * right)
    a = tree[at]
    b = tree[at + 1]
    c = tree[at + 2]
    d = tree[at + 3]
    return (a << 24) | (b << 16) | (c << 8) | d


@cython.cfunc
@cython.nogil
@cython.exceptval(-1, check=False)
def _walk(
    tree: cython.const[U8][::1],
    nodes: I64,
    record_size: cython.int,
    bits4: cython.int,
    bits6: cython.int,
    version: cython.const[U8][::1],
    hi: cython.const[U64][::1],
    lo: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    pending: cython.const[I64][::1],
    waiting: cython.Py_ssize_t,
    codes: I64[::1],
) -> cython.int:
    """Lead the records in `codes[i]`, each i of `pending[:waiting]`, to where their bits end."""
    k: cython.Py_ssize_t
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    step: cython.int = 0
    place: cython.int
    word: U64
    going: cython.bint = True
    while going:
        going = False
        for k in range(waiting):
            i = pending[k]
            if codes[i] >= nodes:
                continue
            row = rows[i]
            if version[row] == 4:
                place = bits4 + step
                if place >= 32:
                    continue
                place += 32
                word = lo[row]
            else:
                place = bits6 + step
                if place >= 128:
                    continue
                word = hi[row] if place < 64 else lo[row]
            word = (word >> cython.cast(U64, 63 - (place & 63))) & 1
            codes[i] = _record(tree, record_size, codes[i], cython.cast(cython.int, word))
            going = True
        step += 1
    return 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _slot(upper: U64, lower: U64, seed: U64, mask: U64) -> cython.Py_ssize_t:
    """Where the cache keeps an address."""
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    mixed: U64 = ((upper ^ seed) * golden) & full
    mixed = ((mixed ^ lower ^ (mixed >> 32)) * golden) & full
    return cython.cast(cython.Py_ssize_t, (mixed >> 32) & mask)


def expand(
    tree: cython.const[U8][::1], nodes: cython.longlong, record_size: cython.int, starts: U32[::1]
) -> None:
    """Fill `starts` with the record behind every value of the first address bits.

    `starts[0]` is the record to begin at; the length is a power of two, 2 to the number of bits. A
    record that ends a walk earlier stands behind every value it is reached by.
    """
    size: cython.Py_ssize_t = 1
    i: cython.Py_ssize_t
    node: I64
    left: I64
    right: I64
    with cython.nogil:
        while size < starts.shape[0]:
            for i in range(size - 1, -1, -1):
                node = starts[i]
                left = node
                right = node
                if node < nodes:
                    left = _record(tree, record_size, node, 0)
                    right = _record(tree, record_size, node, 1)
                starts[2 * i + 1] = cython.cast(U32, right)
                starts[2 * i] = cython.cast(U32, left)
            size *= 2


def lookup(
    tree: cython.const[U8][::1],
    nodes: cython.longlong,
    record_size: cython.int,
    starts4: cython.const[U32][::1],
    starts6: cython.const[U32][::1],
    bits4: cython.int,
    bits6: cython.int,
    version: cython.const[U8][::1],
    hi: cython.const[U64][::1],
    lo: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    cache4: U64[::1],
    cache6: U64[:, ::1],
    pending: I64[::1],
    codes: I64[::1],
) -> None:
    """Write the record of the address of each of `rows` to `codes[i]`: -1 none, -2 broken tree.

    `starts4` and `starts6` come from `expand` and have 2 ** `bits4` and 2 ** `bits6` entries, 1 to
    31 bits; an empty `starts6` is a tree without IPv6. The caches are all zero at first and have a
    power of two of entries: of IPv4 the address in the upper and the code + 2 in the lower 32 bits,
    of IPv6 both halves of the address and the code + 3. `pending` is scratch as long as `rows`.
    """
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    row: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    waiting: cython.Py_ssize_t = 0
    found: I64
    upper: U64
    lower: U64
    entry: U64
    low_half: U64 = 0xFFFFFFFF
    mask4: U64 = cython.cast(U64, cache4.shape[0] - 1)
    mask6: U64 = cython.cast(U64, cache6.shape[0] - 1)
    least: cython.Py_ssize_t = min(version.shape[0], hi.shape[0], lo.shape[0])
    size4: cython.Py_ssize_t = cache4.shape[0]
    size6: cython.Py_ssize_t = cache6.shape[0]
    if min(size4, size6) < 1 or size4 & (size4 - 1) != 0 or size6 & (size6 - 1) != 0:
        raise ValueError("caches must have a power of two of entries")
    if cache6.shape[1] != 3 or min(pending.shape[0], codes.shape[0]) < rows.shape[0]:
        raise ValueError("entries of IPv6 have three words; pending and codes are as long as rows")
    for i in range(rows.shape[0]):
        if rows[i] < 0 or rows[i] >= least:
            raise IndexError(f"row {rows[i]} is not in columns of {least} rows")
    # Rows were looked at above, and slots lie inside the caches by their masks.
    with cython.nogil, cython.boundscheck(False):
        for i in range(rows.shape[0]):
            if cython.compiled:
                if i + _AHEAD < rows.shape[0]:
                    row = rows[i + _AHEAD]
                    if version[row] == 4:
                        slot = _slot(0, lo[row] & low_half, seed, mask4)
                        __builtin_prefetch(cython.address(cache4[slot]))
                    else:
                        slot = _slot(hi[row], lo[row], seed, mask6)
                        __builtin_prefetch(cython.address(cache6[slot, 0]))
            row = rows[i]
            upper = hi[row]
            lower = lo[row]
            if version[row] == 4:
                lower &= low_half
                entry = cache4[_slot(0, lower, seed, mask4)]
                if entry != 0 and (entry >> 32) == lower:
                    codes[i] = cython.cast(I64, entry & low_half) - 2
                    continue
                with cython.boundscheck(True):
                    codes[i] = starts4[cython.cast(cython.Py_ssize_t, lower >> (32 - bits4))]
            elif version[row] == 6 and starts6.shape[0] > 0:
                slot = _slot(upper, lower, seed, mask6)
                entry = cache6[slot, 2]
                if entry != 0 and cache6[slot, 1] == lower and cache6[slot, 0] == upper:
                    codes[i] = cython.cast(I64, entry) - 3
                    continue
                with cython.boundscheck(True):
                    codes[i] = starts6[cython.cast(cython.Py_ssize_t, upper >> (64 - bits6))]
            else:
                codes[i] = -1
                continue
            pending[waiting] = i
            waiting += 1
        _walk(
            tree, nodes, record_size, bits4, bits6, version, hi, lo, rows, pending, waiting, codes
        )
        for k in range(waiting):
            i = pending[k]
            found = codes[i]
            if found <= nodes:
                found = -1 if found == nodes else -2
                codes[i] = found
            row = rows[i]
            if version[row] == 4:
                lower = lo[row] & low_half
                entry = cython.cast(U64, found + 2)
                if entry <= low_half:
                    cache4[_slot(0, lower, seed, mask4)] = (lower << 32) | entry
            else:
                slot = _slot(hi[row], lo[row], seed, mask6)
                cache6[slot, 0] = hi[row]
                cache6[slot, 1] = lo[row]
                cache6[slot, 2] = cython.cast(U64, found + 3)
