"""Group the keys of a batch before counting them: common keys then cost one step instead of many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pktvisor._kernels import group as kernel
from pktvisor._kernels import hashing
from pktvisor.batches import Array
from pktvisor.batches.flows import FLOW_SEED
from pktvisor.metrics.keys import Texts

__all__ = ["Distinct", "DistinctTexts", "distinct", "distinct_texts"]

_NO_AMOUNTS = np.empty(0, np.uint32)


class Distinct(NamedTuple):
    """Distinct keys: `rows` holds the first row of each, `weights[row]` how many rows share it.

    `totals[row]` is the sum of their amounts, where amounts were given. Other rows have 0.
    """

    rows: Array
    weights: Array
    totals: Array


class DistinctTexts(NamedTuple):
    """Distinct texts: `texts` has one row for each, `weights` says how many rows share it.

    `which[row]` is the text of a row; it means nothing for rows that were not grouped.
    """

    texts: Texts
    weights: Array
    which: Array

    def weighed(self, rows: Array, amounts: Array | None = None) -> Array:
        """How many of `rows` have each text, or the sum of their amounts (by row); int64 a text."""
        chosen = None if amounts is None else amounts[rows]
        found: Array = np.bincount(self.which[rows], chosen, minlength=len(self.weights))
        return found.astype(np.int64, copy=False)


def distinct(keys: tuple[Array, Array], rows: Array, amounts: Array | None = None) -> Distinct:
    """The distinct 128-bit keys (two u64 columns by row) of `rows`, in order of appearance.

    `amounts` (u32 by row) are summed by key.
    """
    first = np.empty(len(rows), np.int64)
    count = np.zeros(len(keys[0]), np.int64)
    total = np.zeros(0 if amounts is None else len(amounts), np.int64)
    found = kernel.distinct(
        keys[0], keys[1], rows, FLOW_SEED, _slots(len(rows)), first, count,
        _NO_AMOUNTS if amounts is None else amounts, total,
    )  # fmt: skip
    return Distinct(first[:found], count, total)


def distinct_texts(texts: Texts, rows: Array) -> DistinctTexts:
    """The distinct texts of `rows`, in order of appearance."""
    size = len(rows)
    first, count = np.empty(size, np.int64), np.empty(size, np.int64)
    which = np.empty(len(texts.offset), np.int32)
    found = hashing.group_slices(
        texts.arena, texts.offset, texts.length, rows, FLOW_SEED, _slots(size), first, count, which
    )
    first = first[:found]
    each = Texts(texts.arena, texts.offset[first], texts.length[first], np.arange(found))
    return DistinctTexts(each, count[:found], which)


def _slots(size: int) -> Array:
    return np.full(1 << max(size.bit_length() + 1, 4), -1, np.int32)
