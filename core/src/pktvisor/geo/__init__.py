"""Places and networks of addresses, from MaxMind DB files (City, Country, ASN, ISP).

A lookup has two halves. For a column of addresses, a kernel walks the search tree of the file and
gives one integer code an address: the place of its record in the file. A code is turned into text
afterwards, once for each distinct one, by the decoder of the `maxminddb` package.

Without a database nothing of this is needed, so the names are imported when they are first used.

Source: https://maxmind.github.io/MaxMind-DB/ (file format), version 2.0.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pktvisor.geo.database import GeoDatabase as GeoDatabase
    from pktvisor.geo.layout import GeoError as GeoError
    from pktvisor.geo.layout import Kind as Kind
    from pktvisor.geo.records import UNKNOWN as UNKNOWN
    from pktvisor.geo.records import Place as Place

_HOME = {
    "UNKNOWN": "records",
    "GeoDatabase": "database",
    "GeoError": "layout",
    "Kind": "layout",
    "Place": "records",
}
__all__ = ["UNKNOWN", "GeoDatabase", "GeoError", "Kind", "Place"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pktvisor.geo' has no attribute {name!r}")
    value = getattr(import_module(f"pktvisor.geo.{_HOME[name]}"), name)
    globals()[name] = value
    return value
