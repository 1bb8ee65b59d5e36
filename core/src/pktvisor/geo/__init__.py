"""Places and networks of addresses, from MaxMind DB files (City, Country, ASN, ISP).

A lookup has two halves. For a column of addresses, a kernel walks the search tree of the file and
gives one integer code an address: the place of its record in the file. A code is turned into text
afterwards, once for each distinct one, by the decoder of the `maxminddb` package.

Source: https://maxmind.github.io/MaxMind-DB/ (file format), version 2.0.
"""

from pktvisor.geo.database import GeoDatabase
from pktvisor.geo.layout import GeoError, Kind
from pktvisor.geo.records import UNKNOWN, Place

__all__ = ["UNKNOWN", "GeoDatabase", "GeoError", "Kind", "Place"]
