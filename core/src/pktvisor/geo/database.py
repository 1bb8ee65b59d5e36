"""One database as its users see it: addresses to codes, codes to text."""

from __future__ import annotations

import ipaddress
import os
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pktvisor.geo.layout import GeoError, Kind, Layout, map_file
from pktvisor.geo.records import Place, Records
from pktvisor.geo.tree import Tree

__all__ = ["GeoDatabase"]

_ALLOWED = {"city": ("City", "Country", "Enterprise"), "asn": ("ASN", "ISP")}


class GeoDatabase:
    """One MaxMind DB file, opened for places (`city`) or for networks (`asn`).

    Several threads may use one database. What it answers stays the same for as long as it lives: to
    use a newer file, open that.
    """

    def __init__(self, tree: Tree, records: Records, cache_size: int) -> None:
        """Use `open`."""
        self.kind = records.kind
        self._tree = tree
        self._place = lru_cache(cache_size)(records.place)

    @classmethod
    def open(cls, path: str | os.PathLike[str], kind: Kind, *, cache_size: int = 10_000) -> Self:
        """Open a file: City or Country for `city`, ASN or ISP for `asn`.

        `cache_size` bounds how many decoded records are kept; 0 keeps none. Raises GeoError when
        the file is missing, unreadable, no MaxMind DB, broken, or of another type.
        """
        name = os.fspath(path)
        data = map_file(name)
        layout = Layout.read(name, data)
        if not any(part in layout.database_type for part in _ALLOWED[kind]):
            raise GeoError(
                f"{name}: its type is {layout.database_type!r:.80};"
                f" allowed for {kind}: {', '.join(_ALLOWED[kind])}"
            )
        return cls(Tree(data, layout), Records(data, layout, kind), cache_size)

    def codes(
        self,
        version: NDArray[np.uint8],
        hi: NDArray[np.uint64],
        lo: NDArray[np.uint64],
        rows: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """The record of the address in each of `rows`, as a code for `place` and `text`.

        `version`, `hi` and `lo` are equally long columns as in `PacketBatch`: 4 or 6, and IPv4 in
        the low 32 bits of `lo`; `rows` are indices into them, repeats allowed. A code is -1 where
        the database has nothing (also for a row without an address, and for IPv6 in a database of
        IPv4), -2 where its tree is broken. Raises IndexError for a row that does not exist.
        """
        return self._tree.codes(version, hi, lo, rows)

    def place(self, code: int) -> Place:
        """The place behind a code; an `asn` database gives its text as the name.

        The name is `Unknown` where there is nothing, or nothing that can be decoded: never raises.
        """
        return self._place(code)

    def text(self, code: int) -> str:
        """The name of the place, or the number and organisation of the network, behind a code."""
        return self._place(code).name

    def lookup(self, address: str) -> Place | str:
        """What is known of one address: a Place from a `city` database, text from an `asn` one.

        Raises ValueError for what is no address.
        """
        parsed = ipaddress.ip_address(address)
        number = int(parsed)
        (code,) = self.codes(
            np.array([parsed.version], np.uint8),
            np.array([number >> 64], np.uint64),
            np.array([number & 0xFFFF_FFFF_FFFF_FFFF], np.uint64),
            np.zeros(1, np.int64),
        ).tolist()
        return self.place(code) if self.kind == "city" else self.text(code)
