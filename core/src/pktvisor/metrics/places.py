"""Database records as top-N keys: a code while counting, the record's text from then on."""

from __future__ import annotations

from collections.abc import Callable

from pktvisor.metrics.metric import MetricSettings
from pktvisor.metrics.top_table import Entry

__all__ = ["asn_text", "expand_place", "place_text"]

_BETWEEN = "\x1f"  # ASCII unit separator: no name contains it


def _code(entry: Entry) -> int:
    """The record code in an entry's first key half, negative ones included."""
    return entry[0] - (1 << 64) if entry[0] >> 63 else entry[0]


def asn_text(settings: MetricSettings) -> Callable[[Entry], str]:
    """Describes an entry whose first key half is a record of the ASN database."""
    return lambda entry: "" if settings.asn is None else settings.asn.text(_code(entry))


def place_text(settings: MetricSettings) -> Callable[[Entry], str]:
    """Describes an entry whose first key half is a record of the city database."""

    def describe(entry: Entry) -> str:
        if settings.city is None:
            return ""
        place = settings.city.place(_code(entry))
        if place.latitude is None or place.longitude is None:
            return place.name
        return _BETWEEN.join((place.name, place.latitude, place.longitude))

    return describe


def expand_place(text: str) -> dict[str, str | int]:
    """The item of a place: its name, and `lat` and `lon` where the database has them."""
    name, _, rest = text.partition(_BETWEEN)
    if not rest:
        return {"name": name}
    latitude, _, longitude = rest.partition(_BETWEEN)
    return {"name": name, "lat": latitude, "lon": longitude}
