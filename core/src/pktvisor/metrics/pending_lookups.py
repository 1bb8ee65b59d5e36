"""Addresses that are counted already, and looked up in databases later: most come again soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics.count_table import CountTable
from pktvisor.metrics.metric import MetricSettings

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase
    from pktvisor.metrics.top_n import TopNState

__all__ = ["PendingLookups"]

_LAST_SLOTS = 65536


class PendingLookups:
    """Counts by address, which lists of what databases know of the addresses wait for.

    They are looked up when one of the lists is read, when the period ends, or when there are more
    than 40,960 addresses of one version: then each is looked up once, however many batches it came
    in. It is the database as it is then that answers. Lists of the addresses themselves may wait
    with them, to be told of each address once too.
    """

    def __init__(
        self, records: list[tuple[GeoDatabase, TopNState]], themselves: Mapping[int, TopNState]
    ) -> None:
        """Use `of`."""
        self._records = records
        self._themselves = themselves
        self._tables = {version: _Table(partial(self._look_up, version)) for version in (4, 6)}
        self._make_wait(self)

    @classmethod
    def of(
        cls,
        settings: MetricSettings,
        places: TopNState,
        networks: TopNState,
        themselves: Mapping[int, TopNState] | None = None,
    ) -> PendingLookups | None:
        """Those that the lists of records of the city and of the ASN database wait for.

        `themselves` are lists of addresses by IP version. None without a database: nothing waits.
        """
        found = places.pending or networks.pending
        if found is None:
            both = ((settings.city, places), (settings.asn, networks))
            records = [(database, top) for database, top in both if database is not None]
            found = cls(records, themselves or {}) if records else None
        return found

    def add(
        self, version: int, hi: Array, lo: Array, rows: Array, weights: Array | None = None
    ) -> None:
        """Count the addresses of `rows`, all of IP `version`, once or with weights (i64 by row)."""
        if len(rows):
            self._tables[version].add((hi, lo), rows, weights)

    def settle(self) -> None:
        """Look up what waits and count it in the lists, which wait no longer."""
        self._make_wait(None)
        for version in self._tables:
            self._look_up(version)

    def _make_wait(self, pending: PendingLookups | None) -> None:
        for top in (*(top for _, top in self._records), *self._themselves.values()):
            top.pending = pending

    def _look_up(self, version: int) -> None:
        (hi, lo), weights = self._tables[version].take()
        versions, rows = np.full(len(hi), version, np.uint8), np.arange(len(hi))
        if version in self._themselves:
            self._themselves[version].add_keys(hi, lo, rows, weights)
        nothing = np.zeros(len(hi), np.uint64)
        for database, top in self._records:
            codes = database.codes(versions, hi, lo, rows)
            top.add_keys(codes.view(np.uint64), nothing, rows, weights)


class _Table(CountTable):
    """Addresses of one IP version; calls `full`, which is to take them, when there are too many."""

    def __init__(self, full: Callable[[], None]) -> None:
        super().__init__()
        self._full = full

    def take(self) -> tuple[tuple[Array, Array], Array]:
        """The entries, which leave the table."""
        found = self.entries()
        self._slots[:] = 0
        self._state[:] = 0
        return found

    def _limit(self) -> int:
        return 5 * len(self._slots) // 8

    def _make_room(self, with_text: bool) -> None:
        if len(self._slots) < _LAST_SLOTS:
            self._rebuild(min(4 * len(self._slots), _LAST_SLOTS), 0)
        else:
            self._full()
