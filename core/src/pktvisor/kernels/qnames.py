"""The last two and the last three labels of DNS names: the driver of the qname kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pktvisor._kernels import qnames as kernel
from pktvisor.batches import Array
from pktvisor.metrics.keys import Texts

__all__ = ["QnameCuts", "cut_qnames"]

_NO_SUFFIX = np.zeros(0, np.int32)


class QnameCuts(NamedTuple):
    """Names cut to two and to three labels; a name too short for three is not in `qname3.rows`."""

    qname2: Texts
    qname3: Texts


def cut_qnames(names: Texts, suffix: Array = _NO_SUFFIX) -> QnameCuts:
    """Cut every name in use; `suffix` is the length of each row's suffix (i32), empty for none."""
    size = len(names.offset)
    offset2, offset3 = np.zeros(size, np.int64), np.zeros(size, np.int64)
    length2, length3 = np.zeros(size, np.int32), np.zeros(size, np.int32)
    kernel.aggregate(
        names.arena, names.offset, names.length, suffix, names.rows,
        offset2, length2, offset3, length3,
    )  # fmt: skip
    long = names.rows[length3[names.rows] > 0]
    return QnameCuts(
        Texts(names.arena, offset2, length2, names.rows), Texts(names.arena, offset3, length3, long)
    )
