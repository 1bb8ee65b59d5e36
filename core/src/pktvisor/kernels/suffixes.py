"""Public suffixes of DNS names in columns: the driver of the suffix kernel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pktvisor.batches import Array
from pktvisor.later import later_module
from pktvisor.metrics.keys import Texts

__all__ = ["SuffixRules"]

kernel = later_module("pktvisor._kernels.suffixes")

_PLAIN, _WILD, _EXCEPTION = 1, 2, 4


class SuffixRules:
    """Rules as the Public Suffix List writes them: `co.uk`, `*.ck`, `!www.ck`; lower-case ASCII."""

    def __init__(self, rules: Iterable[str]) -> None:
        kinds, texts = [], []
        for rule in rules:
            kinds.append(
                _EXCEPTION if rule[:1] == "!" else _WILD if rule.startswith("*.") else _PLAIN
            )
            texts.append(rule.removeprefix("!").removeprefix("*.").encode("ascii"))
        length = np.array([len(text) for text in texts], np.int32)
        offset = np.cumsum(length, dtype=np.int64) - length
        self._text = np.frombuffer(b"".join(texts) or b"\0", np.uint8)
        self._slots = np.zeros((1 << max(2 * len(texts), 4).bit_length(), 4), np.uint64)
        kernel.build(self._text, offset, length, np.array(kinds, np.uint8), self._slots)

    def lengths(self, names: Texts, rows: Array) -> Array:
        """The length of the public suffix of each of `rows`, its dot included (i32, by row)."""
        found = np.zeros(len(names.offset), np.int32)
        kernel.measure(
            names.arena, names.offset, names.length, rows, self._text, self._slots, found
        )
        return found
