"""The search tree: the driver of the prefix-walk kernel."""

from __future__ import annotations

import mmap
import os
import threading

import numpy as np
from numpy.typing import NDArray

from pktvisor._kernels import prefix_walk as kernel
from pktvisor.geo.layout import Layout

__all__ = ["Tree"]

_CACHED_IPV4 = 1 << 17
_CACHED_IPV6 = 1 << 14


class Tree:
    """The tree of one file, with the tables and the cache that keep walks short."""

    def __init__(self, data: mmap.mmap, layout: Layout) -> None:
        self._tree = np.frombuffer(data, np.uint8)[: layout.tree_size]
        self._nodes = layout.nodes
        self._record_size = layout.record_size
        # At most half as many starts as nodes, and 4 MB. IPv6 has fewer: the addresses in use have
        # little variety in their first bits.
        self._bits4 = min(20, max(8, layout.nodes.bit_length() - 2))
        self._bits6 = min(16, self._bits4)
        root4, self._starts6 = 0, np.empty(0, np.uint32)
        if layout.ip_version == 6:
            root4, self._starts6 = self._find_ipv4(), self._expand(0, self._bits6)
        self._starts4 = self._expand(root4, self._bits4)
        self._seed = int.from_bytes(os.urandom(8))
        self._cache4 = np.zeros(_CACHED_IPV4, np.uint64)
        self._cache6 = np.zeros((_CACHED_IPV6, 3), np.uint64)
        self._lock = threading.Lock()  # the kernel writes the caches without the GIL

    def codes(
        self,
        version: NDArray[np.uint8],
        hi: NDArray[np.uint64],
        lo: NDArray[np.uint64],
        rows: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """The record of the address in each of `rows`; see `GeoDatabase.codes`."""
        codes = np.empty(len(rows), np.int64)
        with self._lock:
            kernel.lookup(
                self._tree, self._nodes, self._record_size,
                self._starts4, self._starts6, self._bits4, self._bits6,
                version, hi, lo, rows, self._seed, self._cache4, self._cache6,
                np.empty(len(rows), np.int64), codes,
            )  # fmt: skip
        return codes

    def _expand(self, record: int, bits: int) -> NDArray[np.uint32]:
        """The records behind every value of the `bits` address bits that follow `record`."""
        starts = np.full(1 << bits, record, np.uint32)
        kernel.expand(self._tree, self._nodes, self._record_size, starts)
        return starts

    def _find_ipv4(self) -> int:
        """The record IPv4 starts at in a tree of IPv6, where it is ::/96."""
        record = 0
        for _ in range(96):
            record = int(self._expand(record, 1)[0])
        return record
