"""The heaviest keys, by the frequent-items algorithm (Anderson et al. 2017) with 6144 counters.

Counting, and merging buckets of one process, happens in tables of compiled code that keep to the
sketch's rules; a frequent-items sketch of the texts is made when a bucket travels. Estimates are
upper bounds, as the sketch gives them; below 6144 distinct keys they are exact.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.grouping import DistinctTexts
from pktvisor.metrics.keys import Addresses, Texts
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState, Sample
from pktvisor.metrics.number_counts import NumberCounts
from pktvisor.metrics.plain import Plain, column_bytes, entries, integer, read_column, texts
from pktvisor.metrics.top_table import LARGEST_MAP, Entry, TopTable

if TYPE_CHECKING:
    from pktvisor.metrics.pending_lookups import PendingLookups

__all__ = ["TopN", "TopNState", "ipv4_text", "ipv6_text", "number_text"]

_LG_MAP = 13
_JOINED = 16
_LONGEST = 1024  # bytes of a text in a table
Describe = Callable[[Entry], str]
Item = dict[str, str | int]


class TopNState(MetricState):
    """Counts by key.

    Use one of the three `add_…` verbs throughout: numbers, addresses (or other 128-bit keys), text.
    """

    def __init__(
        self,
        describe: Describe,
        expand: Callable[[str], Item],
        settings: MetricSettings,
        joined: bool = False,
    ) -> None:
        self._describe = describe
        self._joined = joined
        self._expand = expand
        self._settings = settings
        self._front: TopTable | NumberCounts | None = None
        self.pending: PendingLookups | None = None  # counts that are still to come in
        self._by_texts = False  # not by the keys that were counted: it has travelled

    def add_numbers(self, numbers: Array) -> None:
        """Count every entry of a column of 16-bit numbers."""
        if self._front is None:
            self._front = NumberCounts()
        assert isinstance(self._front, NumberCounts)
        self._front.add(numbers)

    def add_addresses(
        self, addresses: Addresses, rows: Array, weights: Array | None = None
    ) -> None:
        """Count the addresses of `rows`, all of one IP version, once or with weights (by row)."""
        self.add_keys(addresses.hi, addresses.lo, rows, weights)

    def add_keys(self, key0: Array, key1: Array, rows: Array, weights: Array | None = None) -> None:
        """Count the 128-bit keys of `rows`, each once or with its weight (int64 by row)."""
        if len(rows):
            self._table().add((key0, key1), rows, weights)

    def add_texts(self, texts: Texts, rows: Array, weights: Array | None = None) -> None:
        """Count the texts of `rows`, each once or with its weight (int64 by row)."""
        if len(rows):
            self._table().add(texts.keys, rows, weights, texts)

    def add_distinct(self, each: DistinctTexts, weights: Array) -> None:
        """Count distinct texts, each with its weight (int64 a text, as `each.weighed` gives it)."""
        self.add_texts(each.texts, np.flatnonzero(weights), weights)

    def seal(self) -> None:
        """Give back the room only updates need."""
        front = self._settled()
        if front is not None:
            front.compact()

    def merge_later(self, other: Self) -> None:
        """Add the other's counts, key by key."""
        front, theirs = self._settled(), other._settled()
        if theirs is None:
            return
        if not self._keyed_alike(other):
            self._front, self._by_texts = self._by_text(), True
            self._front.merge(other._by_text())
            return
        if front is None:
            front = self._front = type(theirs)()
        front.merge(theirs)  # type: ignore[arg-type]

    def estimates(self, most: int | None = None) -> list[tuple[str, int]]:
        """The heaviest keys (all without `most`) with their estimates, then by name.

        Keys of one text count together where that may be, among 16 times as many as are wanted.
        """
        front = self._settled()
        if front is None:
            return []
        front.compact()
        counts = front.counts()
        rows = np.arange(len(counts))
        wanted = len(counts) if most is None else most * (_JOINED if self._joined else 1)
        if len(counts) > wanted:
            least = np.partition(counts, len(counts) - wanted)[len(counts) - wanted]
            rows = np.flatnonzero(counts >= least)
        offset = front.offset
        found = [(self._text(front.entry(row)), int(counts[row]) + offset) for row in rows.tolist()]
        if self._joined:
            sums: Counter[str] = Counter()
            for text, estimate in found:
                sums[text] += estimate
            found = list(sums.items())
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        return found[:most]

    def to_json(self) -> list[Item]:
        """The top items with their estimates, cut at the settings' count and percentile."""
        top = self.estimates(self._settings.top_n_count)
        floor = _floor([estimate for _, estimate in top], self._settings.top_n_percentile)
        shown = []
        for text, estimate in top:
            if estimate < floor:
                break
            item = self._expand(text)
            item["estimate"] = estimate
            shown.append(item)
        return shown

    def samples(self, label: str) -> list[Sample]:
        """One line an item: its name under `label`, what else it has under its own keys."""
        lines: list[Sample] = []
        for item in self.to_json():
            estimate = int(item.pop("estimate"))
            name = str(item.pop("name"))
            lines.append(("", {label: name, **{k: str(v) for k, v in item.items()}}, estimate))
        return lines

    def dump(self) -> Plain:
        """The numbers, or else the entries by their texts, as keys may mean nothing elsewhere.

        Sorted, as their order in the table tells who came first and which seed a process has.
        """
        front = self._settled()
        if front is None:
            return None
        if isinstance(front, NumberCounts):
            return {"numbers": front.dump()}
        table = self._by_text()
        table.compact()
        counts = table.counts()
        names = [_cut(plain_text(table.entry(row))) for row in range(len(counts))]
        order = sorted(range(len(names)), key=names.__getitem__)
        return {
            "texts": [names[row] for row in order],
            "counts": column_bytes(counts[order]),
            "offset": table.offset,
            "evicted": table.evicted,
        }

    def load(self, values: Plain) -> None:
        """Become a dumped list. One of texts counts by text from then on."""
        if values is None:
            return
        if isinstance(values, dict) and "numbers" in values:
            numbers = NumberCounts()
            numbers.load(*entries(values, "numbers"))
            self._front = numbers
            return
        names, counts, offset, evicted = entries(values, "texts", "counts", "offset", "evicted")
        weights = read_column(counts, LARGEST_MAP, least=1)
        names = texts(names, len(weights), _LONGEST)
        if len(weights) != len(names):
            raise ValueError(f"{len(names)} texts with {len(weights)} counts")
        self._front = _text_table(names, weights, integer(offset, 0), integer(evicted, 0))
        self._by_texts = True

    def evicted(self) -> int:
        """Entries given up for want of room."""
        return 0 if self._front is None else self._front.evicted

    def serialize(self) -> bytes:
        """The entries as a frequent-items sketch of Apache DataSketches, heaviest first."""
        import datasketches

        sketch = datasketches.frequent_strings_sketch(_LG_MAP)
        for text, estimate in self.estimates():
            sketch.update(text, estimate)
        return bytes(sketch.serialize())

    def _keyed_alike(self, other: Self) -> bool:
        """Whether a key of the other is the same thing here: a record of a database may not be."""
        ours, theirs = self._settings, other._settings
        if self._joined and (ours.city is not theirs.city or ours.asn is not theirs.asn):
            return False
        same = self._front is None or type(self._front) is type(other._front)
        return same and not (self._by_texts or other._by_texts)

    def _text(self, entry: Entry) -> str:
        return plain_text(entry) if self._by_texts else self._describe(entry)

    def _by_text(self) -> TopTable:
        """The entries counted by their texts, with the same estimates."""
        front = self._settled()
        if front is None or self._by_texts:
            assert front is None or isinstance(front, TopTable)
            return front or TopTable()
        found = self.estimates()
        counts = np.array([estimate - front.offset for _, estimate in found], np.int64)
        return _text_table([_cut(text) for text, _ in found], counts, front.offset, front.evicted)

    def _settled(self) -> TopTable | NumberCounts | None:
        """All that was counted."""
        if self.pending is not None:
            self.pending.settle()
        return self._front

    def _table(self) -> TopTable:
        if self._front is None:
            self._front = TopTable()
        assert isinstance(self._front, TopTable)
        return self._front


def _text_table(names: list[str], counts: Array, offset: int, evicted: int) -> TopTable:
    table = TopTable()
    if names:
        column = Texts.of(names)
        table.add(column.keys, column.rows, counts, column)
    table.offset += offset
    table.evicted += evicted
    return table


def _cut(text: str) -> str:
    """As much of a text as a table takes."""
    return text if len(text) <= _LONGEST // 4 else text.encode()[:_LONGEST].decode(errors="ignore")


def _floor(estimates: list[int], percentile: int) -> int:
    """The estimate at a percentile of the shown items (inclusive rank); 0 shows all."""
    if not estimates or not percentile:
        return 0
    index = max(int(np.ceil(percentile / 100 * len(estimates))), 1)
    return sorted(estimates)[index - 1]


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

    `label` is the Prometheus label of an item. `describe` turns a counted entry (both key halves
    and text) into the text it merges under; `describer` does so where that takes a database, in
    which several records may have one text: it is called with the settings of the bucket. `expand`
    makes the item's JSON from that text.
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
        return TopNState(describe, self._expand, settings, self._describer is not None)
