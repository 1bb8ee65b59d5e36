# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the public suffix of DNS names by the algorithm of publicsuffix.org, over a table of rules.

Names are presentation text without a final dot, in lower case, dots inside labels escaped. The
longest rule wins, an exception wins over all, and a name no rule matches has its last label for
a suffix. A rule sits in a hash table by the hash of its text read backwards, so that one pass over
a name meets all its suffixes: slots hold kinds, text offset, text length and hash.
"""

import cython

U8 = cython.typedef(cython.uchar)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)

# Kinds: the text is a rule; every label in front of it makes a longer rule; it is an exception.
_PLAIN = cython.declare(cython.Py_ssize_t, 1)
_WILD = cython.declare(cython.Py_ssize_t, 2)
_EXCEPTION = cython.declare(cython.Py_ssize_t, 4)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _step(known: cython.ulonglong, byte: cython.uchar) -> cython.ulonglong:
    """The hash of a text with one more byte in front (FNV-1a)."""
    prime: U64 = 0x100000001B3
    full: U64 = 0xFFFFFFFFFFFFFFFF
    return ((known ^ byte) * prime) & full


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _slot(
    text: cython.const[U8][::1],
    start: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
    hashed: cython.ulonglong,
    rules: cython.const[U8][::1],
    slots: cython.const[U64][:, ::1],
) -> cython.Py_ssize_t:
    """The slot of a text: its own, or the empty one where it belongs."""
    mask: U64 = cython.cast(U64, slots.shape[0] - 1)
    at: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, (hashed ^ (hashed >> 32)) & mask)
    place: cython.Py_ssize_t
    i: cython.Py_ssize_t
    while slots[at, 0] != 0:
        if slots[at, 3] == hashed and cython.cast(cython.Py_ssize_t, slots[at, 2]) == size:
            place = cython.cast(cython.Py_ssize_t, slots[at, 1])
            i = 0
            while i < size and rules[place + i] == text[start + i]:
                i += 1
            if i == size:
                return at
        at = cython.cast(cython.Py_ssize_t, cython.cast(U64, at + 1) & mask)
    return at


def build(
    rules: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    kind: cython.const[U8][::1],
    slots: U64[:, ::1],
) -> None:
    """Put the rules `rules[offset:+length]` of a kind into zeroed slots, more than twice as many."""
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t
    hashed: U64
    basis: U64 = 0xCBF29CE484222325
    with cython.nogil:
        for i in range(offset.shape[0]):
            hashed = basis
            for j in range(offset[i] + length[i] - 1, offset[i] - 1, -1):
                hashed = _step(hashed, rules[j])
            at = _slot(rules, offset[i], length[i], hashed, rules, slots)
            slots[at, 0] |= kind[i]
            slots[at, 1] = cython.cast(U64, offset[i])
            slots[at, 2] = cython.cast(U64, length[i])
            slots[at, 3] = hashed


def measure(
    text: cython.const[U8][::1],
    offset: cython.const[I64][::1],
    length: cython.const[I32][::1],
    rows: cython.const[I64][::1],
    rules: cython.const[U8][::1],
    slots: cython.const[U64][:, ::1],
    suffix: I32[::1],
) -> None:
    """Write the length of the public suffix of each of `rows`, the dot in front of it included.

    All columns are indexed by row. The root has a suffix of length 0; a name that is a suffix
    itself counts a dot it does not have.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    start: cython.Py_ssize_t
    size: cython.Py_ssize_t
    at: cython.Py_ssize_t
    best: cython.Py_ssize_t
    before: cython.Py_ssize_t
    seen: cython.Py_ssize_t
    kinds: cython.Py_ssize_t
    wild: cython.bint
    hashed: U64
    basis: U64 = 0xCBF29CE484222325
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            start = offset[row]
            size = length[row]
            hashed = basis
            best = 0
            before = 0
            wild = False
            at = size - 1
            while at >= 0:
                hashed = _step(hashed, text[start + at])
                if at == 0 or text[start + at - 1] == 46:
                    seen = size - at
                    if best == 0 or wild:
                        best = seen
                    wild = False
                    kinds = cython.cast(
                        cython.Py_ssize_t,
                        slots[_slot(text, start + at, seen, hashed, rules, slots), 0],
                    )
                    if kinds & _EXCEPTION:
                        best = before
                        break
                    if kinds & (_PLAIN | _WILD):
                        best = seen
                    wild = (kinds & _WILD) != 0
                    before = seen
                at -= 1
            suffix[row] = cython.cast(I32, best + 1 if size > 0 else 0)
