"""Addresses that wait to be looked up count in the lists as if each had been looked up at once."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pktvisor.geo import GeoDatabase, Place
from pktvisor.metrics import (
    Bucket,
    MetricSettings,
    PendingLookups,
    TopN,
    TopNState,
    ipv4_text,
    ipv6_text,
)
from pktvisor.metrics.places import asn_text, expand_place, place_text
from pktvisor_sdk.geo import asn_record, city_record, database_bytes

ADDRESSES = (
    "192.0.2.1", "192.0.2.200", "198.51.100.7", "203.0.113.9",
    "2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1", "2001:db8:3::1", "::c000:201",
)  # fmt: skip


class Visits(Bucket):
    """Where packets come from."""

    schema = "visits"
    places = TopN("places", "Places", label="p", describer=place_text, expand=expand_place)
    networks = TopN("networks", "Networks", label="n", describer=asn_text)
    ipv4 = TopN("ipv4", "IPv4 addresses", label="ipv4", describe=ipv4_text)
    ipv6 = TopN("ipv6", "IPv6 addresses", label="ipv6", describe=ipv6_text)

    def count(self, *addresses: str, weight: int | None = None) -> None:
        """Count addresses, each with the weight."""
        themselves = {4: self.ipv4, 6: self.ipv6}
        pending = PendingLookups.of(self.settings, self.places, self.networks, themselves)
        if pending is None:
            return
        for version in (4, 6):
            found = [int(a) for a in map(ip_address, addresses) if a.version == version]
            hi, lo = (
                np.array([n >> shift & 0xFFFF_FFFF_FFFF_FFFF for n in found], np.uint64)
                for shift in (64, 0)
            )
            weights = None if weight is None else np.full(len(found), weight)
            pending.add(version, hi, lo, np.arange(len(found)), weights)

    def names(self) -> tuple[dict[str, int], dict[str, int]]:
        """What the lists of records show."""
        return shown(self.places), shown(self.networks)

    def addresses(self) -> dict[str, int]:
        """What the lists of addresses show."""
        return shown(self.ipv4) | shown(self.ipv6)


def shown(top: TopNState) -> dict[str, int]:
    """A list as a dict."""
    return {str(item["name"]): int(item["estimate"]) for item in top.to_json()}


class Databases(NamedTuple):
    city: GeoDatabase
    asn: GeoDatabase


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    folder = tmp_path_factory.mktemp("databases")
    return Databases(
        opened(
            folder / "city.mmdb",
            {
                "192.0.2.0/25": city_record("Here", "Old Town"),
                "198.51.100.0/24": city_record("There", "Port"),
                "2001:db8:1::/48": city_record("Here", "Old Town"),
                "2001:db8:2::/48": city_record("Nowhere", "End"),
            },
        ),
        opened(
            folder / "asn.mmdb",
            {"192.0.2.0/24": asn_record(64496, "A"), "2001:db8::/32": asn_record(64497, "B")},
        ),
    )


def opened(path: Path, records: dict[str, dict[str, object]]) -> GeoDatabase:
    kind = "city" if path.stem == "city" else "asn"
    path.write_bytes(database_bytes(records, "GeoLite2-City" if kind == "city" else "GeoLite2-ASN"))
    return GeoDatabase.open(path, "city" if kind == "city" else "asn")


def looked_up(database: GeoDatabase, counted: Counter[str]) -> dict[str, int]:
    """The oracle: every address by itself."""
    found: Counter[str] = Counter()
    for address, count in counted.items():
        known = database.lookup(address)
        found[known.name if isinstance(known, Place) else known] += count
    return dict(found)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.lists(st.sampled_from(ADDRESSES), max_size=8), st.sampled_from((None, 1, 5))),
        st.sampled_from(("places", "networks", "addresses", "copy", "travel")),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_whatever_is_read_in_between_all_count_once(
    databases: Databases, steps: list[object]
) -> None:
    bucket = Visits(MetricSettings(city=databases.city, asn=databases.asn, top_n_count=20))
    counted: Counter[str] = Counter()

    def agrees(found: tuple[dict[str, int], dict[str, int]]) -> bool:
        return found == (
            looked_up(databases.city, counted),
            looked_up(databases.asn, counted),
        )

    for step in steps:
        if isinstance(step, tuple):
            addresses, weight = step
            bucket.count(*addresses, weight=weight)
            for address in addresses:
                counted[address] += weight or 1
        elif step == "copy":
            assert agrees(bucket.copy().names())
        elif step == "travel":
            assert agrees(Visits.from_bytes(bucket.to_bytes(b""), b"").names())
        elif step == "addresses":
            assert bucket.addresses() == dict(counted)
        elif step == "places":
            assert bucket.names()[0] == looked_up(databases.city, counted)
        else:
            assert bucket.names()[1] == looked_up(databases.asn, counted)
    bucket.seal(60 * 10**9)
    assert agrees(bucket.names())
    assert bucket.addresses() == dict(counted)


@pytest.mark.parametrize("known", [("city",), ("asn",), ("city", "asn"), ()])
def test_a_list_without_a_database_stays_empty(
    databases: Databases, known: tuple[str, ...]
) -> None:
    chosen = {name: getattr(databases, name) for name in known}
    bucket = Visits(MetricSettings(**chosen))
    bucket.count("192.0.2.1", "203.0.113.9")
    bucket.count("192.0.2.1")
    places, networks = bucket.names()
    assert places == ({"EU/Here/Old Town": 2, "Unknown": 1} if "city" in known else {})
    assert networks == ({"64496/A": 2, "Unknown": 1} if "asn" in known else {})


def test_merging_takes_in_what_waits_in_both(databases: Databases) -> None:
    first, second = (Visits(MetricSettings(city=databases.city)) for _ in range(2))
    first.count("192.0.2.1")
    second.count("198.51.100.7", "192.0.2.1")
    first.places.merge_later(second.places)
    assert first.names()[0] == {"EU/Here/Old Town": 2, "EU/There/Port": 1}
    assert second.names()[0] == {"EU/Here/Old Town": 1, "EU/There/Port": 1}


def test_a_flood_of_addresses_is_looked_up_in_parts_and_memory_stays(databases: Databases) -> None:
    bucket = Visits(MetricSettings(city=databases.city, asn=databases.asn))
    step, steps = 20_000, 25
    zeros, rows = np.zeros(step, np.uint64), np.arange(step)
    tracemalloc.start()
    try:
        for number in range(steps):
            pending = PendingLookups.of(bucket.settings, bucket.places, bucket.networks)
            assert pending is not None
            lo = np.arange(number * step, (number + 1) * step, dtype=np.uint64) + (192 << 24)
            pending.add(4, zeros, lo, rows)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
    total = step * steps
    assert bucket.names() == (
        {"EU/Here/Old Town": 128, "Unknown": total - 128},
        {"64496/A": 256, "Unknown": total - 256},
    )
    assert bucket.evicted() == 0
