"""Places and networks of addresses, from MaxMind DB files (City, Country, ASN, ISP).

A lookup is two steps: a kernel walks the tree for a column of addresses and gives record codes;
a distinct code is decoded to text once. The file is read into memory, not mapped: one that is
replaced or cut while we run can do no harm.
"""

from __future__ import annotations

import io
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from pktvisor._kernels import prefix_walk
from pktvisor.batches import Array
from pktvisor.batches.decoding import FLOW_SEED

__all__ = ["UNKNOWN", "GeoDatabase", "GeoError", "Place"]

UNKNOWN = "Unknown"
_TYPES = {"city": ("City", "Country", "Enterprise"), "asn": ("ASN", "ISP", "Enterprise")}
_CACHE = 16384
_SEPARATOR = 16  # zero bytes between tree and data


class GeoError(ValueError):
    """A database that cannot be used; the text is one line that names the file and the reason."""


@dataclass(frozen=True)
class Place:
    """Where an address is: text from continent to city, coordinates as text with six decimals."""

    name: str
    latitude: str | None = None
    longitude: str | None = None


class GeoDatabase:
    """One MaxMind DB file, opened for places (`city`) or for networks (`asn`)."""

    def __init__(self, data: bytes, metadata: Any, decoder: Any, cache_size: int) -> None:
        """Use `open`."""
        self._nodes = int(metadata.node_count)
        self._record_size = int(metadata.record_size)
        self._tree_version = int(metadata.ip_version)
        self._tree_size = self._nodes * self._record_size // 4
        self._tree = np.frombuffer(data, np.uint8)[: self._tree_size]
        self._decoder = decoder
        self._cache = (
            np.zeros(_CACHE, np.uint64),
            np.zeros(_CACHE, np.uint64),
            np.zeros(_CACHE, np.uint8),
            np.zeros(_CACHE, np.int64),
        )
        self._ipv4_start = self._find_ipv4_start()
        self.place = lru_cache(cache_size)(self._place)
        self.text = lru_cache(cache_size)(self._text)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        kind: Literal["city", "asn"],
        *,
        cache_size: int = 10_000,
    ) -> Self:
        """Read a database. Raises GeoError: missing, unreadable, not a MaxMind DB, wrong type.

        `cache_size` bounds how many decoded records are kept.
        """
        import maxminddb
        from maxminddb.decoder import Decoder

        name = os.fspath(path)
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise GeoError(f"{name}: cannot be read: {error.strerror}") from None
        try:
            reader = maxminddb.open_database(_Named(data, name), maxminddb.MODE_FD)
            metadata = reader.metadata()
            reader.close()
            nodes, size = metadata.node_count, metadata.record_size
            sane = size in (24, 28, 32) and nodes * size // 4 + _SEPARATOR <= len(data)
        except Exception:  # the reader raises whatever its parser trips over
            raise GeoError(f"{name}: not a MaxMind DB file, or a broken one") from None
        if not sane:
            raise GeoError(f"{name}: broken: its tree of {nodes} nodes does not fit the file")
        if not any(part in metadata.database_type for part in _TYPES[kind]):
            raise GeoError(
                f"{name}: a {metadata.database_type} database; for {kind} allowed are"
                f" {', '.join(_TYPES[kind])}"
            )
        decoder = Decoder(data, nodes * size // 4 + _SEPARATOR)
        return cls(data, metadata, decoder, cache_size)

    def codes(self, version: Array, hi: Array, lo: Array, rows: Array) -> Array:
        """The record code of the address of each of `rows`: int64, negative for none.

        `version` u8, `hi` and `lo` u64 as in `PacketBatch`; `rows` int64.
        """
        codes = np.empty(len(rows), np.int64)
        prefix_walk.lookup(
            self._tree, self._nodes, self._record_size, self._tree_version, self._ipv4_start,
            version, hi, lo, rows, FLOW_SEED, *self._cache, codes,
        )  # fmt: skip
        return codes

    def lookup(self, address: str) -> Place:
        """The place of one address given as text; of an ASN database, its text as the name."""
        parsed = ipaddress.ip_address(address)
        number = int(parsed)
        code = self.codes(
            np.array([parsed.version], np.uint8),
            np.array([number >> 64], np.uint64),
            np.array([number & 0xFFFFFFFFFFFFFFFF], np.uint64),
            np.zeros(1, np.int64),
        )[0]
        return self.place(int(code))

    def _place(self, code: int) -> Place:
        record = self._record(code)
        if record is None:
            return Place(UNKNOWN)
        parts = [
            _get(record, "continent", "code"),
            _get(record, "country", "names", "en") or _get(record, "country", "iso_code"),
            _get(record, "subdivisions", 0, "iso_code"),
            _get(record, "city", "names", "en"),
        ]
        latitude = _get(record, "location", "latitude")
        longitude = _get(record, "location", "longitude")
        return Place(
            "/".join(str(part) for part in parts if part),
            None if latitude is None else f"{latitude:f}",
            None if longitude is None else f"{longitude:f}",
        )

    def _text(self, code: int) -> str:
        record = self._record(code)
        if record is None:
            return UNKNOWN
        number = record.get("autonomous_system_number")
        organisation = record.get("autonomous_system_organization")
        return "/".join(str(part) for part in (number, organisation) if part)

    def _record(self, code: int) -> Mapping[str, Any] | None:
        """The decoded record of a code; None where there is none or it cannot be decoded."""
        if code <= self._nodes:
            return None
        try:
            record, _ = self._decoder.decode(code - self._nodes + self._tree_size)
        except Exception:  # a broken data section is no reason to stop counting
            return None
        return record if isinstance(record, dict) else None

    def _find_ipv4_start(self) -> int:
        """The node behind 96 zero bits in an IPv6 tree; the root of an IPv4 tree."""
        node = 0
        if self._tree_version == 6:
            for _ in range(96):
                if node >= self._nodes:
                    break
                node = self._left(node)
        return node

    def _left(self, node: int) -> int:
        width = self._record_size // 4
        raw = self._tree[node * width : (node + 1) * width].tobytes()
        if self._record_size == 28:
            return (raw[3] >> 4) << 24 | int.from_bytes(raw[:3], "big")
        return int.from_bytes(raw[: width // 2], "big")


class _Named(io.BytesIO):
    """Bytes with a file name, as the reader asks for it."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def _get(record: Any, *path: str | int) -> Any:
    """A value inside nested dicts and lists, None where the path ends early."""
    for key in path:
        if isinstance(key, int):
            if not isinstance(record, list) or len(record) <= key:
                return None
        elif not isinstance(record, dict) or key not in record:
            return None
        record = record[key]
    return record
