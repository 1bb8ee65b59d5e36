"""Columns of keys that cardinalities and top-N lists count: addresses and text, with their hashes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pktvisor._kernels import hashing
from pktvisor.batches import Array

__all__ = ["Addresses", "Texts"]

SEED = 9001  # the default seed of Apache DataSketches


class Addresses:
    """IP addresses as columns, one entry a row: `version` u8, `hi` and `lo` u64."""

    def __init__(self, version: Array, hi: Array, lo: Array) -> None:
        self.version = version
        self.hi = hi
        self.lo = lo

    def hashes(self, rows: Array) -> tuple[Array, Array]:
        """Both halves of the sketch hash of each of `rows`."""
        h1, h2 = np.empty(len(rows), np.uint64), np.empty(len(rows), np.uint64)
        hashing.hash_addresses(
            self.version, self.hi, self.lo, rows, SEED, np.empty(32, np.uint8), h1, h2
        )
        return h1, h2

    def values(self, rows: Array) -> list[int | str]:
        """What the sketch is given for each of `rows`: see the hashing kernel for the encoding."""
        # Extended from 32 bits with its sign, but never negative: the sketch takes a negative integer
        # for a floating point number and hashes that.
        extended = self.lo[rows].astype(np.uint32).view(np.int32).astype(np.int64)
        found: list[int | str] = extended.view(np.uint64).tolist()
        wide = np.flatnonzero(self.version[rows] != 4)
        if len(wide):
            words = np.stack((self.hi[rows[wide]], self.lo[rows[wide]]), axis=1).astype(">u8")
            text = words.tobytes().decode("latin-1")
            for i, place in enumerate(wide.tolist()):
                found[place] = text[16 * i : 16 * i + 16]
        return found


class Texts:
    """Slices `arena[offset:offset + length]` of UTF-8 text, one a row; `rows` are those in use."""

    def __init__(self, arena: Array, offset: Array, length: Array, rows: Array) -> None:
        self.arena = arena
        self.offset = offset
        self.length = length
        self.rows = rows

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """A column of the given texts, one a row."""
        encoded = [text.encode("utf-8", "replace") for text in texts]
        length = np.array([len(text) for text in encoded], np.int32)
        offset = np.cumsum(length, dtype=np.int64) - length
        arena = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
        return cls(arena, offset, length, np.arange(len(encoded)))

    @cached_property
    def keys(self) -> tuple[Array, Array]:
        """Both halves of each text's sketch hash, indexed by row (zero where not in use)."""
        h1, h2 = np.empty(len(self.rows), np.uint64), np.empty(len(self.rows), np.uint64)
        hashing.hash_slices(self.arena, self.offset, self.length, self.rows, SEED, h1, h2)
        if len(self.rows) == len(self.offset):
            return h1, h2
        full = np.zeros((2, len(self.offset)), np.uint64)
        full[0][self.rows] = h1
        full[1][self.rows] = h2
        return full[0], full[1]

    def hashes(self, rows: Array) -> tuple[Array, Array]:
        """Both halves of the sketch hash of each of `rows`."""
        h1, h2 = self.keys
        if len(rows) == len(h1):
            return h1, h2
        return h1[rows], h2[rows]

    def values(self, rows: Array) -> list[str]:
        """The text of each of `rows`."""
        starts, lengths = self.offset[rows].tolist(), self.length[rows].tolist()
        low, high = min(starts), int((self.offset[rows] + self.length[rows]).max())
        blob = self.arena[low:high].tobytes()
        places = zip(starts, lengths, strict=True)
        if blob.isascii():  # as names are: then a byte is a character
            text = blob.decode("ascii")
            return [text[start - low : start - low + length] for start, length in places]
        return [
            blob[start - low : start - low + length].decode("utf-8", "replace")
            for start, length in places
        ]
