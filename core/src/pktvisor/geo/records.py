"""The records: what a code means, as text."""

from __future__ import annotations

import math
import mmap
from typing import Any, NamedTuple

from pktvisor.geo.layout import SEPARATOR, Kind, Layout

__all__ = ["UNKNOWN", "Place", "Records"]

UNKNOWN = "Unknown"


class Place(NamedTuple):
    """Where an address is: continent to city as one text, degrees as text with six decimals."""

    name: str
    latitude: str | None = None
    longitude: str | None = None


class Records:
    """Turns codes into text. Broken records are `Unknown`; nothing here raises for them."""

    def __init__(self, data: mmap.mmap, layout: Layout, kind: Kind) -> None:
        from maxminddb.decoder import Decoder

        self.kind: Kind = kind
        self._start = layout.tree_size + SEPARATOR
        self._end = layout.end
        self._first_code = layout.nodes + SEPARATOR
        self._decoder = Decoder(data, self._start)

    def place(self, code: int) -> Place:
        """The place behind a code; of an `asn` database, its text as the name."""
        record = self._decode(code)
        if record is None:
            return Place(UNKNOWN)
        if self.kind == "asn":
            return Place(_network(record))
        return Place(
            _city(record),
            _degrees(_at(record, "location", "latitude")),
            _degrees(_at(record, "location", "longitude")),
        )

    def _decode(self, code: int) -> dict[str, Any] | None:
        """The record behind a code; None where there is none, or none that can be decoded."""
        offset = self._start + int(code) - self._first_code
        if not self._start <= offset < self._end:
            return None
        try:
            record, _ = self._decoder.decode(offset)
        except Exception:  # one broken record is no reason to stop counting
            return None
        return record if isinstance(record, dict) else None


def _city(record: dict[str, Any]) -> str:
    """Continent/country/subdivision/city: `NA/United States/WA/Milton`; gaps are left out."""
    country = _text(record, "country", "names", "en") or _text(record, "country", "iso_code")
    parts = (
        _text(record, "continent", "code"),
        country,
        _text(record, "subdivisions", 0, "iso_code"),
        _text(record, "city", "names", "en"),
    )
    return "/".join(part for part in parts if part)


def _network(record: dict[str, Any]) -> str:
    """Number/organisation: `1221/Telstra Pty Ltd`; empty for a record without a number."""
    number = record.get("autonomous_system_number")
    if type(number) is not int:
        return ""
    organisation = _text(record, "autonomous_system_organization")
    return f"{number}/{organisation}" if organisation else str(number)


def _degrees(value: object) -> str | None:
    if isinstance(value, int | float) and math.isfinite(value):
        return f"{value:f}"
    return None


def _text(record: object, *path: str | int) -> str:
    """The text at a path into nested dicts and lists, empty where there is none."""
    found = _at(record, *path)
    return found if isinstance(found, str) else ""


def _at(record: Any, *path: str | int) -> object:
    """The value at a path into nested dicts and lists, None where the path ends early."""
    try:
        for step in path:
            record = record[step]
    except (LookupError, TypeError):
        return None
    found: object = record
    return found
