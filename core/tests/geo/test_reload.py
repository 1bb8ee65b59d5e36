"""A database file that is replaced is used from then on, and old codes keep their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pktvisor.batches import Array
from pktvisor.geo import GeoDatabase, GeoError
from pktvisor.metrics import MetricSettings, TopN
from pktvisor.metrics.places import asn_text, expand_place, place_text
from pktvisor_sdk.geo import asn_record, city_record, database_bytes

HOME = "192.0.2.1"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    found = tmp_path / "places.mmdb"
    replace(found, {"192.0.2.0/24": city_record("Here", "Old Town")})
    return found


def replace(path: Path, prefixes: Mapping[str, Any], kind: str = "GeoLite2-City") -> None:
    """Put another file under the name, as updaters do."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(database_bytes(prefixes, kind))
    fresh.replace(path)


def codes(database: GeoDatabase, *addresses: str) -> Array:
    numbers = np.array([int.from_bytes(map(int, a.split("."))) for a in addresses], np.uint64)
    version = np.full(len(numbers), 4, np.uint8)
    return database.codes(version, np.zeros_like(numbers), numbers, np.arange(len(numbers)))


def test_a_new_file_is_used_a_second_later_and_not_before(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", clock=clock)
    replace(path, {"192.0.2.0/24": city_record("Here", "New Town")})
    clock.now = 0.9
    assert database.place(int(codes(database, HOME)[0])).name == "EU/Here/Old Town"
    clock.now = 1.0
    assert database.place(int(codes(database, HOME)[0])).name == "EU/Here/New Town"


def test_codes_of_the_old_file_are_decoded_with_the_old_file(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", cache_size=0, clock=clock)
    (old,) = codes(database, HOME).tolist()
    replace(path, {"0.0.0.0/1": city_record("A", "B"), "192.0.2.0/24": city_record("C", "D")})
    clock.now = 2
    (new,) = codes(database, HOME).tolist()
    assert database.text(old) == "EU/Here/Old Town"
    assert database.text(new) == "EU/C/D"


def test_what_has_no_record_stays_minus_one_in_every_generation(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", clock=clock)
    for _ in range(3):
        assert codes(database, "198.51.100.1").tolist() == [-1]
        assert database.text(-1) == "Unknown"
        clock.now += 2
        replace(path, {"192.0.2.0/24": city_record("Here", f"Town {clock.now}")})


@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "broken", "gone"])
def test_a_file_that_cannot_be_used_changes_nothing(
    path: Path, clock: Clock, content: bytes | None
) -> None:
    database = GeoDatabase.open(path, "city", clock=clock)
    if content is None:
        path.unlink()
    else:
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(path)
    clock.now = 5
    assert database.text(int(codes(database, HOME)[0])) == "EU/Here/Old Town"
    assert (database.problem is None) == (content is None)


def test_a_good_file_after_a_bad_one_is_used(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", clock=clock)
    replace(path, {"192.0.2.0/24": asn_record(1, "x")}, "GeoLite2-ASN")
    clock.now = 2
    codes(database, HOME)
    assert "allowed for city" in str(database.problem)
    replace(path, {"192.0.2.0/24": city_record("Here", "New Town")})
    clock.now = 4
    assert database.text(int(codes(database, HOME)[0])) == "EU/Here/New Town"
    assert database.problem is None


def test_files_of_long_ago_are_let_go(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", cache_size=0, clock=clock)
    (first,) = codes(database, HOME).tolist()
    for number in range(20):
        replace(path, {"192.0.2.0/24": city_record("Here", f"Town {number:02}")})
        clock.now += 2
        codes(database, HOME)
    assert database.generation == 20
    assert database.text(first) == "Unknown"
    assert database.text(int(codes(database, HOME)[0])) == "EU/Here/Town 19"


def test_a_top_list_over_a_change_counts_each_place_once(path: Path, clock: Clock) -> None:
    database = GeoDatabase.open(path, "city", clock=clock)
    metric = TopN("top", "places", label="place", describer=place_text, expand=expand_place)
    settings = MetricSettings(city=database)
    before, after = metric.new_state(settings), metric.new_state(settings)
    towns = {"192.0.2.0/24": city_record("Here", "Old Town"), "10.0.0.0/8": city_record("X", "Y")}
    for state, addresses in ((before, [HOME] * 3), (after, [HOME, "10.0.0.1"])):
        found = codes(database, *addresses)
        state.add_keys(
            found.view(np.uint64), np.zeros(len(found), np.uint64), np.arange(len(found))
        )
        replace(path, dict(reversed(towns.items())))
        clock.now += 2
    after.merge_later(before)
    assert [(item["name"], item["estimate"]) for item in after.to_json()] == [
        ("EU/Here/Old Town", 4),
        ("EU/X/Y", 1),
    ]


def test_networks_reload_too(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "networks.mmdb"
    replace(path, {"192.0.2.0/24": asn_record(64496, "Old Net")}, "GeoLite2-ASN")
    database = GeoDatabase.open(path, "asn", clock=clock)
    describe = asn_text(MetricSettings(asn=database))
    (old,) = codes(database, HOME).tolist()
    replace(path, {"192.0.2.0/24": asn_record(64497, "New Net")}, "GeoIP2-ISP")
    clock.now = 2
    (new,) = codes(database, HOME).tolist()
    assert [describe((code, 0, b"")) for code in (old, new)] == ["64496/Old Net", "64497/New Net"]


def test_a_written_database_says_what_was_put_in(tmp_path: Path) -> None:
    path = tmp_path / "x.mmdb"
    prefixes = {
        "10.0.0.0/8": city_record("A", "a"),
        "10.1.0.0/16": city_record("B", "b"),
        "2001:db8::/32": city_record("C", "c"),
    }
    replace(path, prefixes, "GeoIP2-Country")
    database = GeoDatabase.open(path, "city")
    found = [database.lookup(a) for a in ("10.2.0.1", "10.1.2.3", "2001:db8::1", "9.9.9.9")]
    assert [getattr(place, "name", place) for place in found] == [
        "EU/A/a", "EU/B/b", "EU/C/c", "Unknown",
    ]  # fmt: skip


def test_a_database_of_another_kind_is_refused(path: Path) -> None:
    with pytest.raises(GeoError, match="allowed for asn: ASN, ISP"):
        GeoDatabase.open(path, "asn")
