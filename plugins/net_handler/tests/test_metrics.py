"""What `net` 1.0 and 2.0 count of packets one knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pktvisor.metrics import Bucket
from pktvisor_sdk.feeding import Fed
from pktvisor_sdk.frames import ethernet, ipv4, udp_frame
from pktvisor_sdk.net_frames import HOST, HOST6, IN, OTHER, OUT, PEER, PEER6, UNKNOWN, tcp_start

SECOND = 1_000_000_000


def net(version: str = "1.0", config: Mapping[str, Any] | None = None, **options: Any) -> Fed:
    return Fed("net", version, config, host_spec=f"{HOST},{HOST6}", **options)


def names(items: list[dict[str, Any]]) -> dict[str, int]:
    return {item["name"]: item["estimate"] for item in items}


def test_version_1_counts_directions_beside_each_other() -> None:
    shown = net().feed(IN, IN, OUT, UNKNOWN).shown()
    assert (shown["total"], shown["in"], shown["out"], shown["unknown_dir"]) == (4, 2, 1, 1)


def test_version_2_has_an_object_for_each_direction_seen() -> None:
    shown = net("2.0").feed(IN, IN, OUT).shown()
    assert shown["in"]["total_packets"] == 2
    assert shown["out"]["total_packets"] == 1
    assert "unknown" not in shown


def test_packets_count_by_ip_version_and_transport() -> None:
    shown = net().feed(IN, tcp_start(HOST, PEER), udp_frame(HOST6, PEER6, 1, 2, b"x")).shown()
    assert (shown["ipv4"], shown["ipv6"]) == (2, 1)
    assert (shown["udp"], shown["tcp"], shown["other_l4"]) == (2, 1, 0)
    assert shown["protocol"]["tcp"]["syn"] == 1


def test_a_frame_without_ip_counts_as_neither_version_and_as_other_transport() -> None:
    shown = net().feed(ethernet(b"\0" * 28, 0x0806)).shown()
    assert (shown["ipv4"], shown["ipv6"], shown["other_l4"], shown["total"]) == (0, 0, 1, 1)


def test_no_fragment_counts_as_udp_the_first_one_neither() -> None:
    frame = ethernet(ipv4(PEER, HOST, b"\0" * 16, more_fragments=True))
    shown = net().feed(frame).shown()
    assert (shown["udp"], shown["other_l4"]) == (0, 1)


def test_version_1_counts_the_remote_address_whatever_the_direction() -> None:
    shown = net().feed(IN, OUT, OUT, udp_frame(PEER6, HOST6, 1, 2, b"x")).shown()
    assert names(shown["top_ipv4"]) == {PEER: 3}
    assert names(shown["top_ipv6"]) == {PEER6: 1}
    assert shown["cardinality"] == {"src_ips_in": 2, "dst_ips_out": 1}


def test_version_1_counts_no_address_of_an_unknown_direction() -> None:
    shown = net().feed(UNKNOWN).shown()
    assert shown["top_ipv4"] == []
    assert shown["cardinality"] == {"src_ips_in": 0, "dst_ips_out": 0}


def test_version_2_counts_both_addresses_of_an_unknown_direction() -> None:
    shown = net("2.0").feed(UNKNOWN).shown()["unknown"]
    assert names(shown["top_ipv4_packets"]) == {PEER: 1, OTHER: 1}
    assert shown["cardinality"]["ips"] == 2


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_unspecified_address_is_not_counted(version: str) -> None:
    fed = net(version).feed(udp_frame("0.0.0.0", HOST, 68, 67, b"x"))
    shown = fed.shown()["in"] if version == "2.0" else fed.shown()
    assert shown.get("top_ipv4", shown.get("top_ipv4_packets")) == []
    assert set(shown["cardinality"].values()) == {0}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_rates_are_packets_and_captured_bytes_by_second(version: str) -> None:
    frames = [(10 * SECOND, IN), (10 * SECOND + 1, OUT), (11 * SECOND, IN), (11 * SECOND, IN)]
    fed = net(version).feed(*frames)
    if version == "1.0":
        rates = fed.shown()["rates"]
        assert rates["pps_in"] == {"p50": 1, "p90": 2, "p95": 2, "p99": 2}
        assert rates["pps_total"]["p99"] == 2
        assert rates["bytes_out"]["p99"] == len(OUT)
        assert rates["bytes_total"]["p50"] == 2 * len(IN)
    else:
        rates = fed.shown()["in"]["rates"]
        assert rates["pps"] == {"p50": 1, "p90": 2, "p95": 2, "p99": 2}
        assert rates["bps"]["p99"] == 2 * len(IN)
        assert fed.shown()["rates"]["observed_pps"]["p50"] == 2


def test_payload_size_is_the_captured_length_of_the_frame() -> None:
    sizes = net().feed(IN, IN, IN, OUT + b"\0" * 400).shown()["payload_size"]
    assert (sizes["p50"], sizes["p99"]) == (len(IN), len(OUT) + 400)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_frames_beyond_64_kib_are_in_the_sizes_too(version: str) -> None:
    fed = net(version).feed(IN, OUT, IN + b"\0" * 70_000)
    state = _sizes(fed.window.live, version)
    assert state.count == (3 if version == "1.0" else 2)
    assert state.quantile(1.0) == len(IN) + 70_000
    (total,) = (value for suffix, _, value in state.samples("") if suffix == "_sum")
    assert total == sum([len(IN), len(OUT) if version == "1.0" else 0, len(IN) + 70_000])


def _sizes(bucket: Bucket, version: str) -> Any:
    shown = {".".join(s.path): s.state for s in bucket.shown()}
    return shown["payload_size" if version == "1.0" else "in.payload_size_bytes"]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_only_deep_sampled_packets_count_addresses_and_syn(version: str) -> None:
    fed = net(version, deep_sample_rate=30).feed(*[tcp_start(PEER, HOST)] * 200)
    shown = fed.shown()
    if version == "1.0":
        deep, total = shown["deep_samples"], shown["total"]
        addresses, syns = shown["top_ipv4"], shown["protocol"]["tcp"]["syn"]
    else:
        deep, total = shown["deep_sampled_packets"], shown["in"]["total_packets"]
        addresses, syns = shown["in"]["top_ipv4_packets"], shown["in"]["tcp"]["syn_packets"]
    assert total == 200
    assert 0 < deep < 200
    assert (names(addresses), syns) == ({PEER: deep}, deep)


@pytest.mark.parametrize(
    ("version", "group", "missing"),
    [
        *(
            (version, group, missing)
            for version in ("1.0", "2.0")
            for group, missing in (
                ("cardinality", "cardinality"),
                ("top_ips", "top_ipv4"),
                ("top_geo", "top_asn"),
                ("counters", "filtered"),
            )
        ),
        ("2.0", "quantiles", "payload_size_bytes"),
    ],
)
def test_a_group_that_is_off_is_not_shown(version: str, group: str, missing: str) -> None:
    fed = net(version, disable=[group]).feed(IN, OUT)
    shown = [".".join(item.path) for item in fed.window.live.shown()]
    assert not [path for path in shown if missing in path.lower()]
    assert [path for path in shown if "rates" in path]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_where_batches_are_cut_changes_nothing(version: str) -> None:
    rng = np.random.default_rng(1)
    frames = [
        (10 * SECOND + 10_000_000 * i, (IN, OUT, UNKNOWN, tcp_start(PEER, HOST))[rng.integers(4)])
        for i in range(300)
    ]
    whole, cut = net(version).feed(*frames), net(version)
    for first in range(0, 300, 7):
        cut.feed(*frames[first : first + 7])
    assert whole.shown() == cut.shown()
