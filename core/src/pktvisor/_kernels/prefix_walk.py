# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Look addresses up in the search tree of a MaxMind DB (MaxMind DB file format, version 2.0).

A node is two records of 24, 28 or 32 bits; each address bit picks one. A record below the node count
is the next node, equal to it means "not there", above it points into the data section. A walk takes
at most 128 steps. A direct-mapped cache in front keeps what was found for an address.
"""

import cython

U8 = cython.typedef(cython.uchar)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _record(
    tree: cython.const[U8][::1], node: I64, right: cython.int, record_size: cython.int
) -> I64:
    """The left (0) or right (1) record of a node."""
    at: cython.Py_ssize_t
    a: I64
    b: I64
    c: I64
    d: I64 = 0
    if record_size == 24:
        at = cython.cast(cython.Py_ssize_t, node * 6 + 3 * right)
        a = tree[at]
        b = tree[at + 1]
        c = tree[at + 2]
        return (a << 16) | (b << 8) | c
    if record_size == 28:
        at = cython.cast(cython.Py_ssize_t, node * 7)
        d = tree[at + 3]
        if right:
            d = d & 15
            at += 4
        else:
            d = d >> 4
        a = tree[at]
        b = tree[at + 1]
        c = tree[at + 2]
        return (d << 24) | (a << 16) | (b << 8) | c
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
    start: I64,
    hi: U64,
    lo: U64,
    bits: cython.int,
) -> I64:
    """The record an address leads to: above `nodes` data, -1 nothing there, -2 a broken tree."""
    node: I64 = start
    i: cython.int
    word: U64
    left: cython.int
    for i in range(bits):
        if node >= nodes:
            break
        left = bits - 1 - i
        word = hi if left >= 64 else lo
        node = _record(
            tree, node, cython.cast(cython.int, (word >> cython.cast(U64, left & 63)) & 1), record_size
        )
    if node > nodes:
        return node
    return -1 if node == nodes else -2


def lookup(
    tree: cython.const[U8][::1],
    nodes: cython.longlong,
    record_size: cython.int,
    tree_version: cython.int,
    ipv4_start: cython.longlong,
    version: cython.const[U8][::1],
    hi: cython.const[U64][::1],
    lo: cython.const[U64][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    cache_hi: U64[::1],
    cache_lo: U64[::1],
    cache_version: U8[::1],
    cache_code: I64[::1],
    codes: I64[::1],
) -> None:
    """Write the record of the address of each of `rows` to `codes[i]` (-1 none, -2 broken tree).

    `ipv4_start` is the node IPv4 lookups begin at. The cache arrays are equally long, a power of
    two; version 0 marks an empty entry. The tree has at least `nodes` whole nodes.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    slot: cython.Py_ssize_t
    found: I64
    mixed: U64
    golden: U64 = 0x9E3779B97F4A7C15
    full: U64 = 0xFFFFFFFFFFFFFFFF
    mask: U64 = cython.cast(U64, cache_code.shape[0] - 1)
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            mixed = ((hi[row] ^ seed) * golden) & full
            mixed = ((mixed ^ lo[row] ^ (mixed >> 32)) * golden) & full
            slot = cython.cast(cython.Py_ssize_t, (mixed >> 32) & mask)
            if (
                cache_version[slot] == version[row]
                and cache_lo[slot] == lo[row]
                and cache_hi[slot] == hi[row]
                and version[row] != 0
            ):
                codes[i] = cache_code[slot]
                continue
            if version[row] == 4:
                found = _walk(tree, nodes, record_size, ipv4_start, 0, lo[row], 32)
            elif version[row] == 6 and tree_version == 6:
                found = _walk(tree, nodes, record_size, 0, hi[row], lo[row], 128)
            else:
                found = -1
            cache_hi[slot] = hi[row]
            cache_lo[slot] = lo[row]
            cache_version[slot] = version[row]
            cache_code[slot] = found
            codes[i] = found
