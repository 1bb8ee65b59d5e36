# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Look addresses up in the search tree of a MaxMind DB (MaxMind DB file format, version 2.0).

A node is two records of 24, 28 or 32 bits; each address bit, highest first, picks one. A record
below the node count is the next node, equal to it means "nothing here", above it points into the
data section.

A walk costs a memory access a bit, nearly all of them near the root. Two things save it: a table of
the record behind every value of the first address bits, expanded once from the tree; and a
direct-mapped cache of addresses looked up lately. The cache is seeded, so nobody who sends packets
can choose which entries collide.

A broken tree can lead anywhere, but for no more steps than an address has bits, and every index is
checked.
"""

import cython

U8 = cython.typedef(cython.uchar)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)

# So many rows ahead the entries to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 8)


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
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _walk(
    tree: cython.const[U8][::1],
    nodes: I64,
    record_size: cython.int,
    node: I64,
    upper: U64,
    lower: U64,
    bits: cython.int,
) -> I64:
    """The record the first `bits` bits of `upper`, `lower` lead to; -1 for none, -2 broken tree."""
    full: U64 = 0xFFFFFFFFFFFFFFFF
    step: cython.int
    for step in range(bits):
        if node >= nodes:
            break
        node = _record(tree, record_size, node, cython.cast(cython.int, upper >> 63))
        upper = ((upper << 1) & full) | (lower >> 63)
        lower = (lower << 1) & full
    if node > nodes:
        return node
    return -1 if node == nodes else -2


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
    cache: U64[:, ::1],
    codes: I64[::1],
) -> None:
    """Write the record of the address of each of `rows` to `codes[i]`: -1 none, -2 broken tree.

    `starts4` and `starts6` come from `expand` and have 2 ** `bits4` and 2 ** `bits6` entries, 1 to
    31 bits; an empty `starts6` is a tree without IPv6. `cache` has a power of two of rows of four,
    all zero at first: both address halves, the IP version, the code + 2.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    start: cython.Py_ssize_t
    found: I64
    upper: U64
    lower: U64
    rest: U64
    family: U64
    full: U64 = 0xFFFFFFFFFFFFFFFF
    low_half: U64 = 0xFFFFFFFF
    mask: U64 = cython.cast(U64, cache.shape[0] - 1)
    with cython.nogil:
        for i in range(rows.shape[0]):
            if cython.compiled:
                if i + _AHEAD < rows.shape[0]:
                    row = rows[i + _AHEAD]
                    slot = _slot(hi[row], lo[row], seed, mask)
                    __builtin_prefetch(cython.address(cache[slot, 0]))
            row = rows[i]
            family = version[row]
            upper = hi[row]
            lower = lo[row]
            if family == 4:
                upper = 0
                lower &= low_half
            elif family != 6 or starts6.shape[0] == 0:
                codes[i] = -1
                continue
            slot = _slot(upper, lower, seed, mask)
            if cache[slot, 1] == lower and cache[slot, 0] == upper and cache[slot, 2] == family:
                codes[i] = cython.cast(I64, cache[slot, 3]) - 2
                continue
            if family == 4:
                start = cython.cast(cython.Py_ssize_t, lower >> (32 - bits4))
                rest = (lower << (32 + bits4)) & full
                found = _walk(tree, nodes, record_size, starts4[start], rest, 0, 32 - bits4)
            else:
                start = cython.cast(cython.Py_ssize_t, upper >> (64 - bits6))
                rest = ((upper << bits6) & full) | (lower >> (64 - bits6))
                found = _walk(
                    tree, nodes, record_size, starts6[start], rest, (lower << bits6) & full,
                    128 - bits6,
                )  # fmt: skip
            cache[slot, 0] = upper
            cache[slot, 1] = lower
            cache[slot, 2] = family
            cache[slot, 3] = cython.cast(U64, found + 2)
            codes[i] = found
