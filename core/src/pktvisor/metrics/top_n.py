"""The heaviest keys, by the frequent-items sketch (Anderson et al. 2017) with 2^13 counters.

Updates go to an accumulator of compiled code and reach the sketch as text with weights when the
period is sealed or looked at. Estimates are upper bounds, as the sketch gives them; below 6144
distinct keys they are exact.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.keys import Addresses, Texts
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState
from pktvisor.metrics.top_table import Entry, NumberCounts, TopTable

__all__ = ["TopN", "TopNState", "ipv4_text", "ipv6_text"]

_LG_MAP = 13
Describe = Callable[[Entry], str]
Item = dict[str, str | int]


class TopNState(MetricState):
    """Counts by key in front of a frequent-items sketch of their texts.

    Use one of the three `add_…` verbs throughout: numbers, addresses (or other 128-bit keys), text.
    """

    def __init__(
        self, describe: Describe, expand: Callable[[str], Item], settings: MetricSettings
    ) -> None:
        self._describe = describe
        self._expand = expand
        self._settings = settings
        self._front: TopTable | NumberCounts | None = None
        self._sketch: Any = None
        self._offset = 0
        self._evicted = 0

    def add_numbers(self, numbers: Array) -> None:
        """Count every entry of a column of 16-bit numbers."""
        if self._front is None:
            self._front = NumberCounts()
        assert isinstance(self._front, NumberCounts)
        self._front.add(numbers)

    def add_addresses(self, addresses: Addresses, rows: Array) -> None:
        """Count the addresses of `rows`, all of one IP version."""
        self.add_keys(addresses.hi, addresses.lo, rows)

    def add_keys(
        self, key0: Array, key1: Array, rows: Array, weights: Array | None = None
    ) -> None:
        """Count the 128-bit keys of `rows`, each once or with its weight (int64 by row)."""
        if len(rows):
            self._table().add((key0, key1), rows, weights)

    def add_texts(self, texts: Texts, rows: Array, weights: Array | None = None) -> None:
        """Count the texts of `rows`, each once or with its weight (int64 by row)."""
        if len(rows):
            self._table().add(texts.keys, rows, weights, texts)

    def _table(self) -> TopTable:
        if self._front is None:
            self._front = TopTable()
        assert isinstance(self._front, TopTable)
        return self._front

    def seal(self) -> None:
        """Drain the accumulator into the sketch."""
        if self._front is None:
            return
        if self._sketch is None:
            self._sketch = _new_sketch()
        for entry in self._front.entries():
            self._sketch.update(self._describe(entry), entry[3])
        self._offset += self._front.offset
        self._evicted += self._front.evicted
        self._front = None

    def merge_later(self, other: Self) -> None:
        """Merge the other's sketch."""
        self.seal()
        other.seal()
        if other._sketch is not None:
            if self._sketch is None:
                self._sketch = _new_sketch()
            self._sketch.merge(other._sketch)
        self._offset += other._offset
        self._evicted += other._evicted

    def estimates(self) -> list[tuple[str, int]]:
        """Every key still tracked with its estimate, the heaviest first, then by name."""
        self.seal()
        if self._sketch is None:
            return []
        import datasketches

        kind = datasketches.frequent_items_error_type.NO_FALSE_NEGATIVES
        items = self._sketch.get_frequent_items(kind, 0)
        found = [(item[0], int(item[1]) + self._offset) for item in items]
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        return found

    def to_json(self) -> list[Item]:
        """The top items with their estimates, cut at the settings' count and percentile."""
        top = self.estimates()[: self._settings.top_n_count]
        floor = _floor([estimate for _, estimate in top], self._settings.top_n_percentile)
        shown = []
        for text, estimate in top:
            if estimate < floor:
                break
            item = self._expand(text)
            item["estimate"] = estimate
            shown.append(item)
        return shown

    def evicted(self) -> int:
        """Entries the accumulator gave up."""
        return self._evicted + (self._front.evicted if self._front is not None else 0)

    def serialize(self) -> bytes:
        """The sketch as Apache DataSketches writes it."""
        self.seal()
        return bytes((self._sketch if self._sketch is not None else _new_sketch()).serialize())


def _floor(estimates: list[int], percentile: int) -> int:
    """The estimate at a percentile of the shown items (inclusive rank); 0 shows all."""
    if not estimates or not percentile:
        return 0
    index = max(int(np.ceil(percentile / 100 * len(estimates))), 1)
    return sorted(estimates)[index - 1]


def _new_sketch() -> Any:
    import datasketches

    return datasketches.frequent_strings_sketch(_LG_MAP)


def plain_text(entry: Entry) -> str:
    """The text an entry was counted with."""
    return entry[2].decode("utf-8", "replace")


def number_text(entry: Entry) -> str:
    """A number in decimal."""
    return str(entry[0])


def ipv4_text(entry: Entry) -> str:
    """An IPv4 address as a dotted quad."""
    low = entry[1]
    return f"{low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"


def ipv6_text(entry: Entry) -> str:
    """An IPv6 address as RFC 5952 writes it."""
    return str(ipaddress.IPv6Address(entry[0] << 64 | entry[1]))


def _named(text: str) -> Item:
    return {"name": text}


class TopN(Metric[TopNState]):
    """Declares a list of the heaviest keys.

    `label` is the Prometheus label of an item. `describe` turns a counted entry (both key halves,
    text, count) into the text it merges under; `describer` does so where that takes a database:
    it is called with the settings of the bucket. `expand` makes the item's JSON from that text.
    """

    kind = "top_n"

    def __init__(
        self,
        *args: Any,
        label: str,
        describe: Describe = plain_text,
        describer: Callable[[MetricSettings], Describe] | None = None,
        expand: Callable[[str], Item] = _named,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.label = label
        self._describe = describe
        self._describer = describer
        self._expand = expand

    def new_state(self, settings: MetricSettings) -> TopNState:
        """A state without entries."""
        describe = self._describer(settings) if self._describer else self._describe
        return TopNState(describe, self._expand, settings)
