"""Group the keys of a batch before counting them: common keys then cost one step instead of many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pktvisor._kernels import group as kernel
from pktvisor.batches import Array
from pktvisor.batches.flows import FLOW_SEED

__all__ = ["Distinct", "distinct"]

_NO_AMOUNTS = np.empty(0, np.uint32)


class Distinct(NamedTuple):
    """Distinct keys: `rows` holds the first row of each, `weights[row]` how many rows share it.

    `totals[row]` is the sum of their amounts, where amounts were given.
    """

    rows: Array
    weights: Array
    totals: Array


def distinct(keys: tuple[Array, Array], rows: Array, amounts: Array | None = None) -> Distinct:
    """The distinct 128-bit keys (two u64 columns by row) of `rows`, in order of appearance.

    `amounts` (u32 by row) are summed by key.
    """
    size = len(rows)
    slots = np.full(1 << max(size.bit_length() + 1, 4), -1, np.int32)
    first, count = np.empty(size, np.int64), np.empty(size, np.int64)
    total = np.empty(size if amounts is not None else 0, np.int64)
    found = kernel.distinct(
        keys[0], keys[1], rows, FLOW_SEED, slots, first, count,
        _NO_AMOUNTS if amounts is None else amounts, total,
    )  # fmt: skip
    first = first[:found]
    return Distinct(first, _by_row(first, count, len(keys[0])), _by_row(first, total, len(keys[0])))


def _by_row(first: Array, values: Array, size: int) -> Array:
    """Values of keys, put at the first row of each; empty where there are none."""
    if not len(values):
        return values
    spread = np.zeros(size, np.int64)
    spread[first] = values[: len(first)]
    return spread
