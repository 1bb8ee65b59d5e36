"""Group the keys of a batch before counting them: common keys then cost one step instead of many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pktvisor._kernels import group as kernel
from pktvisor.batches import Array
from pktvisor.batches.decoding import FLOW_SEED

__all__ = ["Distinct", "distinct"]


@dataclass(frozen=True)
class Distinct:
    """Distinct keys: `rows` holds the first row of each, `weights[row]` how many rows share it."""

    rows: Array
    weights: Array


def distinct(keys: tuple[Array, Array], rows: Array) -> Distinct:
    """The distinct 128-bit keys (two u64 columns by row) of `rows`, in order of appearance."""
    slots = np.full(1 << max(len(rows).bit_length() + 1, 4), -1, np.int32)
    first = np.empty(len(rows), np.int64)
    count = np.empty(len(rows), np.int64)
    found = kernel.distinct(keys[0], keys[1], rows, FLOW_SEED, slots, first, count)
    weights = np.zeros(len(keys[0]), np.int64)
    weights[first[:found]] = count[:found]
    return Distinct(first[:found], weights)
