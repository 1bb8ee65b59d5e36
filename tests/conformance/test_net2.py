"""What the original's own tests expect of `net` 2.0, row by row; `*` adds up the directions."""

from __future__ import annotations

import pytest

from pktvisor.metrics import choose_groups
from pktvisor.plugins import Plugins

from .captured import needs_captures
from .expectations import Row, check, tally

HOST = "192.168.0.0/24"
RANDOM, MIXED = "dns_udp_tcp_random", "dns_udp_mixed_rcode"
OBSERVED = {
    "observed_packets": 16147,
    "deep_sampled_packets": 16147,
    "period.start_ts": 1614874231,
}
COUNTED = {
    "*.tcp_packets": 13176,
    "*.tcp.syn_packets": 2846,
    "*.udp_packets": 2971,
    "*.ipv4_packets": 16147,
    "*.ipv6_packets": 0,
    "*.other_l4_packets": 0,
    "*.total_packets": 16147,
}

ROWS = [
    Row(
        "UDP over IPv4",
        "dns_ipv4_udp",
        expected={
            "period.start_ts": 1567706414,
            "period.length": 6,
            "observed_packets": 140,
            "unknown.udp_packets": 140,
            "unknown.ipv4_packets": 140,
            "unknown.ipv6_packets": 0,
        },
    ),
    Row(
        "TCP over IPv4",
        "dns_ipv4_tcp",
        expected={
            "period.start_ts": 1567706433,
            "observed_packets": 2100,
            "unknown.tcp_packets": 2100,
            "unknown.tcp.syn_packets": 420,
            "unknown.ipv4_packets": 2100,
            "unknown.ipv6_packets": 0,
        },
    ),
    Row(
        "UDP over IPv6",
        "dns_ipv6_udp",
        expected={
            "period.start_ts": 1567706365,
            "observed_packets": 140,
            "unknown.udp_packets": 140,
            "unknown.ipv4_packets": 0,
            "unknown.ipv6_packets": 140,
        },
    ),
    Row(
        "TCP over IPv6",
        "dns_ipv6_tcp",
        expected={
            "period.start_ts": 1567706308,
            "observed_packets": 1800,
            "unknown.tcp_packets": 1800,
            "unknown.tcp.syn_packets": 360,
            "unknown.ipv4_packets": 0,
            "unknown.ipv6_packets": 1800,
        },
    ),
    Row(
        "UDP and TCP",
        RANDOM,
        hosts=HOST,
        expected={
            **OBSERVED,
            **COUNTED,
            "out.cardinality.ips": 1,
            "out.top_ipv4_packets[0].estimate": 9499,
            "out.top_ipv4_packets[0].name": "8.8.8.8",
            "in.payload_size_bytes.p50": 74,
        },
    ),
    Row(
        "groups: no cardinality, no counters",
        RANDOM,
        hosts=HOST,
        disable=("cardinality", "counters"),
        expected={
            **OBSERVED,
            **dict.fromkeys(COUNTED, 0),
            "in.cardinality": None,
            "in.top_ipv4_packets[0].estimate": 6648,
            "in.top_ipv4_packets[0].name": "8.8.8.8",
        },
    ),
    Row(
        "groups: no top addresses, no places",
        RANDOM,
        hosts=HOST,
        disable=("top_ips", "top_geo"),
        expected={
            **OBSERVED,
            **COUNTED,
            "in.cardinality.ips": 1,
            "in.top_ipv4_packets": None,
            "in.top_geo_loc_packets": None,
        },
    ),
    *(
        Row(
            f"filters: {', '.join(config)}",
            MIXED,
            config,
            hosts=HOST,
            geo=True,
            expected={
                "in.top_ipv4_packets[0].estimate": 3,
                "in.top_ipv4_packets[0].name": "192.168.0.54",
                **{
                    f"in.{top}[0].{key}": value
                    for top in tops
                    for key, value in (("estimate", 15), ("name", "Unknown"))
                },
            },
        )
        for config, tops in (
            ({"geoloc_notfound": True}, ("top_geo_loc_packets",)),
            ({"asn_notfound": True}, ("top_asn_packets",)),
            (
                {"geoloc_notfound": True, "asn_notfound": True},
                ("top_geo_loc_packets", "top_asn_packets"),
            ),
        )
    ),
    Row(
        "filters: only_geoloc_prefix",
        MIXED,
        {"only_geoloc_prefix": ["NA/United States"]},
        hosts=HOST,
        geo=True,
        expected={"filtered_packets": 24, "in": None, "out": None, "unknown": None},
    ),
    Row(
        "filters: only_asn_number",
        MIXED,
        {"only_asn_number": ["16509", "22131"]},
        hosts=HOST,
        geo=True,
        expected={"filtered_packets": 24, "in": None, "out": None, "unknown": None},
    ),
]
NOT_APPLICABLE = {
    "chains, three rows": "in test_chains",
    "dnstap, one row": "the dnstap input is a distribution of its own",
    "Prometheus and OTLP text, one row": "the Prometheus texts are compared whole",
    "a method called by hand, buckets merged": "merges are tested in core",
}


@needs_captures
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_net_2_counts_what_the_original_expects(row: Row) -> None:
    check(row, "net", "2.0")


@pytest.mark.parametrize("key", ["enable", "disable"])
def test_net_2_refuses_an_unknown_group_and_lists_its_own(key: str) -> None:
    groups = Plugins().handler("net", "2.0").bucket.groups
    with pytest.raises(
        ValueError, match=r"rates.*all, cardinality, counters, quantiles, top_geo, top_ips"
    ):
        choose_groups(groups, **{key: ["top_ips", "rates"]})


def test_the_tally_of_net_2_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        tally("net 2.0", ROWS, refused=4, not_applicable=NOT_APPLICABLE)
