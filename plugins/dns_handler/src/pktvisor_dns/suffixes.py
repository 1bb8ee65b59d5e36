"""Suffixes that count as one label when names are cut: those of a filter, or public ones.

Public suffixes are those of the list of publicsuffix.org, ICANN section.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from pktvisor.batches import Array
from pktvisor.kernels import SuffixRules
from pktvisor.metrics import Texts
from pktvisor_dns.filters import suffix_lengths

__all__ = ["NameCutter", "public_suffixes"]

_NONE = np.zeros(0, np.int32)


class NameCutter:
    """Says how long the suffix of each name is: by the filter's suffixes, else by the public ones."""

    def __init__(self, suffixes: tuple[bytes, ...] | None, *, public: bool) -> None:
        self._suffixes = suffixes
        self._public = public_suffixes() if public and suffixes is None else None

    def suffixes(self, names: Texts) -> Array:
        """The suffix length of each name in use (i32, by row); empty when no suffix counts."""
        if self._suffixes is not None:
            return suffix_lengths(names, names.rows, self._suffixes)
        return _NONE if self._public is None else self._public.lengths(names, names.rows)


@cache
def public_suffixes() -> SuffixRules:
    """The rules of the list that comes with the package `publicsuffixlist`, read once."""
    return SuffixRules(_icann_rules())


def _icann_rules() -> Iterator[str]:
    from publicsuffixlist import PSLFILE

    inside = False
    for line in Path(PSLFILE).read_text("utf-8").splitlines():
        if "===BEGIN ICANN DOMAINS===" in line or "===END ICANN DOMAINS===" in line:
            inside = "BEGIN" in line
        elif inside and line.strip() and not line.startswith("//"):
            rule = line.split()[0].lower()
            mark = rule[: len(rule) - len(rule.lstrip("!*."))]
            yield mark + rule[len(mark) :].encode("idna").decode("ascii")
