"""One database as its users see it: addresses to codes, codes to text.

A file that is replaced is opened again, as the next *generation*. Codes carry the number of theirs,
so a code is only ever decoded with the file it came from, however long ago it was counted and
whatever it was merged with since.
"""

from __future__ import annotations

import ipaddress
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pktvisor.geo.layout import GeoError, Kind, Layout, map_file
from pktvisor.geo.records import UNKNOWN, Place, Records
from pktvisor.geo.tree import Tree

__all__ = ["GeoDatabase"]

_ALLOWED = {"city": ("City", "Country", "Enterprise"), "asn": ("ASN", "ISP")}


_GENERATION = 40  # bit of a code where the number of its generation begins
_GENERATIONS = 16  # kept for decoding; codes of older ones are of nothing known
_LOOK_EVERY_S = 1.0


class GeoDatabase:
    """One MaxMind DB file, opened for places (`city`) or for networks (`asn`).

    Several threads may use one database. The file is looked at once a second at most, when somebody
    asks for codes; another file under its name is used from then on. One that cannot be used is
    left alone, with the reason in `problem`, and the one before it stays.
    """

    def __init__(
        self, name: str, kind: Kind, cache_size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use `open`."""
        self.kind = kind
        self.generation = 0
        self.problem: str | None = None
        self._name = name
        self._clock = clock
        self._looked = clock()
        self._seen = _signature(name)
        self._lock = threading.Lock()
        self._tree, records = _load(name, kind)
        self._records: OrderedDict[int, Records] = OrderedDict({0: records})
        self._place = lru_cache(cache_size)(self._decode)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        kind: Kind,
        *,
        cache_size: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Open a file: City or Country for `city`, ASN or ISP for `asn`.

        `cache_size` bounds how many decoded records are kept; 0 keeps none. `clock` gives seconds.
        Raises GeoError when the file is missing, unreadable, no MaxMind DB, broken, or of another
        type.
        """
        return cls(os.fspath(path), kind, cache_size, clock)

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
        generation, tree = self._current()
        codes = tree.codes(version, hi, lo, rows)
        if generation:
            codes[codes >= 0] |= generation << _GENERATION
        return codes

    def place(self, code: int) -> Place:
        """The place behind a code; an `asn` database gives its text as the name.

        The name is `Unknown` where there is nothing, or nothing that can be decoded, and for a code
        from more than 16 files ago: never raises.
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

    def _current(self) -> tuple[int, Tree]:
        """The newest generation, after a look at the file when it is time for one."""
        with self._lock:
            if self._clock() - self._looked >= _LOOK_EVERY_S:
                self._looked = self._clock()
                seen = _signature(self._name)
                if seen is not None and seen != self._seen:
                    self._seen = seen
                    self._reload()
            return self.generation, self._tree

    def _reload(self) -> None:
        try:
            self._tree, records = _load(self._name, self.kind)
        except GeoError as error:
            self.problem = str(error)
            return
        self.problem = None
        self.generation += 1
        self._records[self.generation] = records
        if len(self._records) > _GENERATIONS:
            self._records.popitem(last=False)

    def _decode(self, code: int) -> Place:
        if code < 0:
            return Place(UNKNOWN)
        records = self._records.get(code >> _GENERATION)
        return Place(UNKNOWN) if records is None else records.place(code & (1 << _GENERATION) - 1)


def _signature(name: str) -> tuple[int, ...] | None:
    """What changes when another file has a name; None when there is none to be seen."""
    try:
        found = Path(name).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _load(name: str, kind: Kind) -> tuple[Tree, Records]:
    data = map_file(name)
    layout = Layout.read(name, data)
    if not any(part in layout.database_type for part in _ALLOWED[kind]):
        raise GeoError(
            f"{name}: its type is {layout.database_type!r:.80};"
            f" allowed for {kind}: {', '.join(_ALLOWED[kind])}"
        )
    return Tree(data, layout), Records(data, layout, kind)
