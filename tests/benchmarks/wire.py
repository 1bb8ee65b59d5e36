"""Write many packets at once: every helper fills one field of a whole column of packets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

__all__ = ["Bytes", "Ints", "big_endian", "put", "put_ragged"]


def big_endian(values: Ints, width: int) -> Bytes:
    """Each value as `width` bytes, most significant first; shape (n, width)."""
    unsigned = values.astype(np.uint64)
    shifts = np.arange(8 * (width - 1), -1, -8, dtype=np.uint64)
    return (unsigned[:, None] >> shifts).astype(np.uint8)


def put(out: Bytes, at: Ints, block: Bytes) -> None:
    """Write row i of `block` (n, k), or the one row it has, at `out[at[i]]`."""
    width = block.shape[-1]
    out[at[:, None] + np.arange(width)] = block


def put_ragged(out: Bytes, at: Ints, table: Bytes, lengths: Ints, which: Ints) -> None:
    """Write the first `lengths[w]` bytes of `table[w]` at `out[at[i]]`, w = which[i]."""
    length = lengths[which]
    for width in np.unique(length).tolist():
        rows = np.flatnonzero(length == width)
        put(out, at[rows], table[which[rows], :width])
