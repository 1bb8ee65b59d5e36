"""Filters: which packets are counted, by the place and network of their remote address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pktvisor import geo
from pktvisor.batches import Array, PacketBatch
from pktvisor.kernels import IN, UNKNOWN
from pktvisor.metrics import MetricSettings
from pktvisor_net.config import NetConfig

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase

__all__ = ["Filters"]

Wanted = Callable[[str], bool]


class Filters:
    """The filters of one handler. Each distinct place or network of a batch is decided once."""

    def __init__(self, config: NetConfig, settings: MetricSettings) -> None:
        self._settings = settings
        self._place = _place(config)
        self._network = _network(config)

    def accepted(self, batch: PacketBatch) -> Array | None:
        """The rows that pass, as a bool column; None when there is no filter."""
        if self._place is None and self._network is None:
            return None
        direction = batch.direction
        incoming = direction == IN
        passing: Array = direction != UNKNOWN
        hi = np.where(incoming, batch.source_hi, batch.destination_hi)
        lo = np.where(incoming, batch.source_lo, batch.destination_lo)
        for wanted, database in (
            (self._place, self._settings.city),
            (self._network, self._settings.asn),
        ):
            if wanted is None:
                continue
            if database is None:
                return np.zeros(len(batch), bool)
            rows = np.flatnonzero(passing)
            codes = database.codes(batch.ip_version, hi, lo, rows)
            passing[rows] = _decide(codes, database, wanted)
        return passing


def _decide(codes: Array, database: GeoDatabase, wanted: Wanted) -> Array:
    """Which of a column of record codes are wanted."""
    distinct, which = np.unique(codes, return_inverse=True)
    decided = np.array([wanted(database.text(code)) for code in distinct.tolist()], bool)
    found: Array = decided[which]
    return found


def _place(config: NetConfig) -> Wanted | None:
    prefixes = config.only_geoloc_prefix
    if prefixes is None and not config.geoloc_notfound:
        return None
    allowed = (*(prefixes or ()), *((geo.UNKNOWN,) if config.geoloc_notfound else ()))
    return lambda text: text.startswith(allowed)


def _network(config: NetConfig) -> Wanted | None:
    numbers = config.only_asn_number
    if numbers is None and not config.asn_notfound:
        return None
    allowed = frozenset((*(numbers or ()), *((geo.UNKNOWN,) if config.asn_notfound else ())))
    return lambda text: text.partition("/")[0] in allowed
