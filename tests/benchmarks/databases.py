"""Geo and ASN databases for the benchmark: 300,000 prefixes over the addresses of its captures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pktvisor_sdk.geo import asn_record, city_record, database_bytes

__all__ = ["write_databases"]

_PREFIXES = 300_000
_CITIES, _NETWORKS = 40_000, 60_000


def write_databases(city: Path, asn: Path, seed: int = 1) -> None:
    """Write both files. Same seed, same bytes."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(16, 25, _PREFIXES)
    starts = 0x20000000 + rng.integers(0, 1 << 28, _PREFIXES) & ~((1 << (32 - lengths)) - 1)
    order = np.argsort(lengths, kind="stable")  # wider prefixes first: narrower ones lie inside
    prefixes = [
        f"{start >> 24}.{start >> 16 & 255}.{start >> 8 & 255}.{start & 255}/{length}"
        for start, length in zip(starts[order].tolist(), lengths[order].tolist(), strict=True)
    ]
    prefixes.append("2a01:db80::/32")
    for path, kinds, kind in ((city, _CITIES, "GeoLite2-City"), (asn, _NETWORKS, "GeoLite2-ASN")):
        numbers = rng.integers(0, kinds, len(prefixes)).tolist()
        record = _city if path is city else _network
        path.write_bytes(
            database_bytes(((p, record(n)) for p, n in zip(prefixes, numbers, strict=True)), kind)
        )


def _city(number: int) -> dict[str, object]:
    return city_record(f"Country {number % 200}", f"City {number}", number % 180 - 90.0, 1.5)


def _network(number: int) -> dict[str, object]:
    return asn_record(64496 + number, f"Network {number}")
