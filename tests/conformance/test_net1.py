"""What the original's own tests expect of `net` 1.0, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.metrics import choose_groups
from pktvisor.plugins import Plugins

from .captured import needs_captures
from .expectations import Row, check, check_refused, tally

HOST = "192.168.0.0/24"
RANDOM, MIXED = "dns_udp_tcp_random", "dns_udp_mixed_rcode"
KEYS = "geoloc_notfound, asn_notfound, only_geoloc_prefix, only_asn_number, recorded_stream"
IN_ALL = {
    "events": 16147,
    "deep_samples": 16147,
    "period.start_ts": 1614874231,
}
NONE = dict.fromkeys(("tcp", "protocol.tcp.syn", "udp", "ipv4", "ipv6", "other_l4", "in", "out"), 0)
COUNTED = {
    "tcp": 13176,
    "udp": 2971,
    "ipv4": 16147,
    "ipv6": 0,
    "other_l4": 0,
    "in": 6648,
    "out": 9499,
}

ROWS = [
    Row(
        "UDP over IPv4",
        "dns_ipv4_udp",
        expected={
            "period.start_ts": 1567706414,
            "period.length": 6,
            "events": 140,
            "udp": 140,
            "ipv4": 140,
            "ipv6": 0,
        },
    ),
    Row(
        "TCP over IPv4",
        "dns_ipv4_tcp",
        expected={
            "period.start_ts": 1567706433,
            "events": 2100,
            "tcp": 2100,
            "protocol.tcp.syn": 420,
            "ipv4": 2100,
            "ipv6": 0,
        },
    ),
    Row(
        "UDP over IPv6",
        "dns_ipv6_udp",
        expected={
            "period.start_ts": 1567706365,
            "events": 140,
            "udp": 140,
            "ipv4": 0,
            "ipv6": 140,
        },
    ),
    Row(
        "TCP over IPv6",
        "dns_ipv6_tcp",
        expected={
            "period.start_ts": 1567706308,
            "events": 1800,
            "tcp": 1800,
            "protocol.tcp.syn": 360,
            "ipv4": 0,
            "ipv6": 1800,
        },
    ),
    Row(
        "UDP and TCP",
        RANDOM,
        hosts=HOST,
        expected={
            **IN_ALL,
            **COUNTED,
            "protocol.tcp.syn": 2846,
            "unknown_dir": 0,
            "cardinality.dst_ips_out": 1,
            "cardinality.src_ips_in": 1,
            "top_ipv4[0].estimate": 16147,
            "top_ipv4[0].name": "8.8.8.8",
            "payload_size.p50": 74,
        },
    ),
    Row(
        "groups: no cardinality, no counters",
        RANDOM,
        hosts=HOST,
        disable=("cardinality", "counters"),
        expected={
            **IN_ALL,
            **NONE,
            "cardinality.dst_ips_out": None,
            "cardinality.src_ips_in": None,
            "top_ipv4[0].estimate": 16147,
            "top_ipv4[0].name": "8.8.8.8",
        },
    ),
    Row(
        "groups: no top addresses, no places",
        RANDOM,
        hosts=HOST,
        disable=("top_ips", "top_geo"),
        expected={
            **IN_ALL,
            **COUNTED,
            "cardinality.dst_ips_out": 1,
            "cardinality.src_ips_in": 1,
            "top_ipv4[0].name": None,
        },
    ),
    *(
        Row(
            f"filters: {', '.join(config)}",
            MIXED,
            config,
            hosts=HOST,
            geo=True,
            # Three addresses tie at four packets: the original shows one of them first by chance.
            expected={
                "top_ipv4[0].estimate": 4,
                "top_ipv4[0].name": "198.51.44.1",
                **{
                    f"{top}[0].{key}": value
                    for top in tops
                    for key, value in (("estimate", 24), ("name", "Unknown"))
                },
            },
        )
        for config, tops in (
            ({"geoloc_notfound": True}, ("top_geoLoc",)),
            ({"asn_notfound": True}, ("top_ASN",)),
            ({"geoloc_notfound": True, "asn_notfound": True}, ("top_geoLoc", "top_ASN")),
        )
    ),
    Row(
        "filters: only_geoloc_prefix",
        MIXED,
        {"only_geoloc_prefix": ["NA/United States"]},
        hosts=HOST,
        geo=True,
        expected={"filtered": 24, "top_geoLoc[0].name": None},
    ),
    Row(
        "filters: only_asn_number",
        MIXED,
        {"only_asn_number": ["16509", "22131"]},
        hosts=HOST,
        geo=True,
        expected={"filtered": 24, "top_ASN[0].name": None},
    ),
]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"only_asn_number": ["16509/Amazon"]}, "net.*only_asn_number.*16509/Amazon"),
    ({"invalid_config": True}, f"invalid_config.*{KEYS}"),
]
NOT_APPLICABLE = {
    "chains, three rows": "in test_chains",
    "dnstap, one row": "the dnstap input is a distribution of its own",
    "Prometheus and OTLP text, one row": "the Prometheus texts are compared whole",
    "a method of the handler called by hand": "handlers take batches",
}


@needs_captures
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_net_1_counts_what_the_original_expects(row: Row) -> None:
    check(row, "net", "1.0")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize(("config", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_net_refuses_what_the_original_refuses(
    version: str, config: dict[str, Any], message: str
) -> None:
    check_refused("net", version, config, message)


@pytest.mark.parametrize("key", ["enable", "disable"])
def test_net_1_refuses_an_unknown_group_and_lists_its_own(key: str) -> None:
    groups = Plugins().handler("net", "1.0").bucket.groups
    with pytest.raises(ValueError, match=r"rates.*all, cardinality, counters, top_geo, top_ips"):
        choose_groups(groups, **{key: ["top_ips", "rates"]})


def test_the_tally_of_net_1_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        tally("net 1.0", ROWS, refused=len(REFUSED) + 2, not_applicable=NOT_APPLICABLE)
