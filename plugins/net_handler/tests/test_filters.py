"""Which packets the filters of `net` keep, and how the others are counted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pktvisor.geo import GeoDatabase
from pktvisor_sdk.feeding import Fed
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.net_frames import HOST, HOST6, IN, OUT, UNKNOWN

CAPTURES = (
    Path(os.environ.get("PKTVISOR_CAPTURES", Path(__file__).parents[3].parent / "shared"))
    / "captures"
    / "pktvisor"
)
SWEDEN, AMERICA, TELSTRA = "89.160.20.112", "216.160.83.56", "1.128.0.0"


def databases(captures: Path) -> tuple[GeoDatabase, GeoDatabase]:
    """The test databases of places and of networks; skips where they are not there."""
    if not captures.is_dir():
        pytest.skip(f"no captures in {captures}: set PKTVISOR_CAPTURES")
    return (
        GeoDatabase.open(captures / "GeoIP2-City-Test.mmdb", "city"),
        GeoDatabase.open(captures / "GeoIP2-ISP-Test.mmdb", "asn"),
    )


def net(version: str = "1.0", config: Mapping[str, Any] | None = None, **options: Any) -> Fed:
    return Fed("net", version, config, host_spec=f"{HOST},{HOST6}", **options)


def from_(address: str) -> bytes:
    return udp_frame(address, HOST, 53, 4242, b"x")


def to(address: str) -> bytes:
    return udp_frame(HOST, address, 4242, 53, b"x")


def fed(config: dict[str, Any], *frames: bytes, **options: Any) -> dict[str, Any]:
    return net("1.0", config, databases=databases(CAPTURES), **options).feed(*frames).shown()


def counts(shown: dict[str, Any]) -> tuple[int, int, int]:
    return shown["events"], shown["total"], shown["filtered"]


def test_only_geoloc_prefix_keeps_packets_from_and_to_the_place() -> None:
    shown = fed({"only_geoloc_prefix": ["EU/Sweden"]}, from_(SWEDEN), to(SWEDEN), from_(AMERICA))
    assert counts(shown) == (3, 2, 1)
    assert [item["name"] for item in shown["top_geoLoc"]] == ["EU/Sweden/E/Linköping"]


def test_prefixes_are_case_sensitive() -> None:
    assert counts(fed({"only_geoloc_prefix": ["eu/sweden"]}, from_(SWEDEN))) == (1, 0, 1)


def test_geoloc_notfound_keeps_packets_without_a_place() -> None:
    shown = fed({"geoloc_notfound": True}, IN, OUT, from_(SWEDEN))
    assert counts(shown) == (3, 2, 1)


def test_geoloc_notfound_adds_to_the_prefixes() -> None:
    config = {"geoloc_notfound": True, "only_geoloc_prefix": ["NA/"]}
    assert counts(fed(config, IN, from_(AMERICA), from_(SWEDEN))) == (3, 2, 1)


def test_only_asn_number_keeps_packets_of_the_network() -> None:
    shown = fed({"only_asn_number": ["1221"]}, from_(TELSTRA), to(TELSTRA), IN)
    assert counts(shown) == (3, 2, 1)
    assert shown["top_ASN"] == [{"name": "1221/Telstra Pty Ltd", "estimate": 2}]


def test_a_number_is_no_prefix_of_another() -> None:
    assert counts(fed({"only_asn_number": [122]}, from_(TELSTRA))) == (1, 0, 1)


def test_place_and_network_filters_must_both_pass() -> None:
    config = {"geoloc_notfound": True, "only_asn_number": [1221]}
    assert counts(fed(config, from_(TELSTRA), IN)) == (2, 1, 1)


def test_a_packet_of_unknown_direction_never_passes() -> None:
    assert counts(fed({"geoloc_notfound": True}, UNKNOWN)) == (1, 0, 1)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize(
    "config", [{"geoloc_notfound": True}, {"asn_notfound": True}, {"only_asn_number": [1]}]
)
def test_without_the_database_nothing_passes(version: str, config: dict[str, Any]) -> None:
    shown = net(version, config).feed(IN, OUT).shown()
    assert shown.get("filtered", shown.get("filtered_packets")) == 2
    assert "in" not in shown or shown["in"] == 0


def test_a_filter_that_is_false_is_off() -> None:
    assert counts(fed({"geoloc_notfound": False, "asn_notfound": False}, UNKNOWN)) == (1, 1, 0)


def test_rejected_packets_count_as_events_and_in_their_rate_alone() -> None:
    shown = fed({"geoloc_notfound": True}, from_(SWEDEN), IN)
    assert shown["rates"]["pps_events"]["p99"] == 2
    assert shown["rates"]["pps_total"]["p99"] == 1
    assert shown["payload_size"]["p99"] == len(IN)


def test_a_rejected_packet_repeats_the_deep_flag_of_the_one_before() -> None:
    # SplitMix64's first draws modulo 100 are 0 and 79: at 50 % the first is deep, the second not.
    kept, rejected = IN, from_(SWEDEN)
    frames = (kept, rejected, rejected, kept, rejected)
    shown = fed({"geoloc_notfound": True}, *frames, deep_sample_rate=50)
    assert shown["deep_samples"] == 3


def test_what_passes_is_handed_on_to_a_chained_handler() -> None:
    city, asn = databases(CAPTURES)
    second = net()
    first = net("1.0", {"geoloc_notfound": True}, databases=(city, asn), chained=second)
    first.feed(IN, from_(SWEDEN), OUT)
    assert second.shown()["total"] == 2


def test_without_filters_everything_is_handed_on() -> None:
    second = net("2.0")
    net(chained=second).feed(IN, UNKNOWN)
    assert second.shown()["observed_packets"] == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"only_asn_number": ["16509/Amazon"]}, "only_asn_number.*16509/Amazon"),
        ({"only_asn_number": "16509"}, "only_asn_number.*not a list"),
        ({"only_geoloc_prefix": "EU"}, "only_geoloc_prefix.*not a list"),
        ({"only_place": True}, "only_place.*geoloc_notfound, asn_notfound, only_geoloc_prefix"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        net("2.0", config)
