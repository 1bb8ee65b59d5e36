"""Places are codes of a database while counted, and text once they have travelled."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from pktvisor.geo import GeoDatabase
from pktvisor.metrics import Bucket, MetricSettings, TopN, expand_place, place_text
from pktvisor_sdk.geo import city_record, database_bytes


class Visits(Bucket):
    """Where packets come from."""

    schema = "visits"
    places = TopN("places", "Places", label="place", describer=place_text, expand=expand_place)


@pytest.fixture
def city(tmp_path: Path) -> GeoDatabase:
    path = tmp_path / "city.mmdb"
    records = {
        "192.0.2.0/24": city_record("Here", "Old Town"),
        "198.51.100.0/24": city_record("There", "New Town"),
    }
    path.write_bytes(database_bytes(records, "GeoLite2-City"))
    return GeoDatabase.open(path, "city")


def seen(city: GeoDatabase, *addresses: str) -> Visits:
    """A finished period with packets from these addresses."""
    bucket = Visits(MetricSettings(city=city))
    numbers = np.array([int.from_bytes(map(int, a.split("."))) for a in addresses], np.uint64)
    rows, zeros = np.arange(len(numbers)), np.zeros(len(numbers), np.uint64)
    codes = city.codes(np.full(len(numbers), 4, np.uint8), zeros, numbers, rows)
    bucket.places.add_keys(codes.view(np.uint64), zeros, rows)
    bucket.seal(60 * 10**9)
    return bucket


def test_travelled_and_local_places_merge_alike_in_any_order(city: GeoDatabase) -> None:
    empty, one, other = seen(city), seen(city, "192.0.2.1"), seen(city, "192.0.2.9", "198.51.100.1")
    here = Visits.merged([empty, one, other]).places.to_json()
    assert [(item["name"], item["estimate"]) for item in here] == [
        ("EU/Here/Old Town", 2),
        ("EU/There/New Town", 1),
    ]
    for buckets in permutations((empty, one, other)):
        for travels in range(8):
            some = [
                Visits.from_bytes(bucket.to_bytes(b""), b"") if travels >> place & 1 else bucket
                for place, bucket in enumerate(buckets)
            ]
            assert Visits.merged(some).places.to_json() == here
