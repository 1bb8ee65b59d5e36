"""What the tests of the original expect of `dns` 2.0, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.metrics import choose_groups
from pktvisor.plugins import Plugins

from .captured import needs_captures, run
from .expectations import Row, check, check_refused, tally

HOST = "192.168.0.0/24"
MIXED, RANDOM = "dns_udp_mixed_rcode", "dns_udp_tcp_random"
ALL = {"observed_packets": 5851, "deep_sampled_packets": 5851}


def side(direction: str, **values: Any) -> dict[str, Any]:
    """Values under the object of one direction."""
    return {f"{direction}.{name}": value for name, value in values.items()}


def top(path: str, *items: tuple[str, int]) -> dict[str, Any]:
    """The first items of a list."""
    return {
        f"{path}[{place}].{key}": value
        for place, item in enumerate(items)
        for key, value in zip(("name", "estimate"), item, strict=True)
    }


def _loopback(name: str, xacts: int, **more: int) -> Row:
    return Row(
        name,
        name,
        expected={
            "observed_packets": 2 * xacts,
            **side("unknown", xacts=xacts, timeout_queries=0, orphan_responses=0, **more),
            **top("unknown.top_qname2_xacts", (".test.com", xacts)),
        },
    )


TYPES = [("AAAA", 737), ("CNAME", 412), ("SOA", 397), ("MX", 377), ("A", 358), ("NS", 331)]
ROWS = [
    _loopback("dns_ipv4_udp", 70, udp_xacts=70, ipv4_xacts=70, ipv6_xacts=0),
    _loopback("dns_ipv4_tcp", 210, tcp_xacts=210, ipv4_xacts=210, ipv6_xacts=0),
    _loopback("dns_ipv6_udp", 70, udp_xacts=70, ipv4_xacts=0, ipv6_xacts=70),
    _loopback("dns_ipv6_tcp", 180, tcp_xacts=180, ipv4_xacts=0, ipv6_xacts=180),
    Row(
        "random UDP and TCP",
        RANDOM,
        hosts=HOST,
        enable=("top_size", "top_ports"),
        expected={
            **ALL,
            **side(
                "out",
                tcp_xacts=1440,
                udp_xacts=1481,
                ipv4_xacts=2921,
                ipv6_xacts=0,
                xacts=2921,
                timeout_queries=0,
                orphan_responses=0,
                nodata_xacts=2254,
                noerror_xacts=2921,
                nxdomain_xacts=0,
                refused_xacts=0,
                srvfail_xacts=0,
            ),
            "out.cardinality.qname": 2036,
            **top("out.top_qname2_xacts", (".test.com", 2921)),
            **top("out.top_rcode_xacts", ("NOERROR", 2921)),
            **top("out.top_udp_ports_xacts", ("57975", 151)),
            **top(
                "out.top_response_bytes",
                ("82gdxvz5vp.mmyv7ma0jn.rxst40swe.tcbgtnfa.test.com", 290),
            ),
            **top("out.top_qtype_xacts", *TYPES, ("TXT", 309)),
        },
    ),
    Row(
        "exclude_noerror",
        MIXED,
        {"exclude_noerror": True},
        hosts=HOST,
        expected={
            "filtered_packets": 17,
            **side(
                "out",
                noerror_xacts=0,
                srvfail_xacts=0,
                refused_xacts=1,
                nxdomain_xacts=1,
                nodata_xacts=0,
            ),
        },
    ),
    Row(
        "only_rcode, a name",
        MIXED,
        {"only_rcode": ["NXDomain"]},
        hosts=HOST,
        expected={
            "filtered_packets": 19,
            **side(
                "out",
                noerror_xacts=0,
                srvfail_xacts=0,
                refused_xacts=0,
                nxdomain_xacts=1,
                nodata_xacts=0,
            ),
        },
    ),
    Row(
        "only_rcode, a name and a number",
        MIXED,
        {"only_rcode": ["nxdomain", 5]},
        hosts=HOST,
        expected={
            "filtered_packets": 17,
            **side(
                "out",
                noerror_xacts=0,
                srvfail_xacts=0,
                refused_xacts=1,
                nxdomain_xacts=1,
                nodata_xacts=0,
            ),
        },
    ),
    Row(
        "only_qtype",
        RANDOM,
        {"only_qtype": ["AAAA", "TxT"]},
        hosts=HOST,
        expected={
            **ALL,
            **side(
                "out",
                ipv4_xacts=1046,
                ipv6_xacts=0,
                xacts=1046,
                timeout_queries=0,
                orphan_responses=0,
                nodata_xacts=737,
                noerror_xacts=1046,
            ),
            **top("out.top_qtype_xacts", ("AAAA", 737), ("TXT", 309)),
            "out.top_qtype_xacts[2]": None,
        },
    ),
    Row(
        "topn_count",
        RANDOM,
        hosts=HOST,
        top_n_count=3,
        expected={
            "out.cardinality.qname": 2036,
            **top("out.top_qtype_xacts", *TYPES[:3]),
            "out.top_qtype_xacts[3]": None,
        },
    ),
    Row(
        "only_qname",
        MIXED,
        {"only_qname": ["play.GooGle.com", "nonexistent.google.com"]},
        hosts=HOST,
        expected={
            **side(
                "out",
                udp_xacts=2,
                noerror_xacts=1,
                srvfail_xacts=0,
                refused_xacts=0,
                nxdomain_xacts=1,
                nodata_xacts=1,
                xacts=2,
                timeout_queries=0,
                orphan_responses=3,
            ),
            "out.top_qname2_xacts[0].name": ".google.com",
            "out.top_qname3_xacts[0].name": ...,
        },
    ),
    Row(
        "only_qname_suffix",
        MIXED,
        {"only_qname_suffix": ["GooGle.com"]},
        hosts=HOST,
        expected={
            "filtered_packets": 12,
            **side(
                "out",
                udp_xacts=4,
                noerror_xacts=3,
                srvfail_xacts=0,
                refused_xacts=0,
                nxdomain_xacts=1,
                nodata_xacts=1,
                xacts=4,
                timeout_queries=0,
                orphan_responses=3,
            ),
        },
    ),
    Row(
        "answer_count with only_rcode",
        MIXED,
        {"only_rcode": ["NoError"], "answer_count": 0},
        hosts="192.168.0.0/26",
        expected={
            "filtered_packets": 16,
            **side(
                "out",
                udp_xacts=2,
                noerror_xacts=2,
                srvfail_xacts=0,
                refused_xacts=0,
                nxdomain_xacts=0,
                nodata_xacts=2,
            ),
            "out.top_qname2_xacts[0].estimate": 1,
        },
    ),
    Row(
        "only_dnssec_response",
        "dnssec",
        {"only_dnssec_response": True},
        hosts=HOST,
        expected={
            "observed_packets": 14,
            "deep_sampled_packets": 14,
            **side(
                "unknown",
                tcp_xacts=0,
                udp_xacts=6,
                ipv4_xacts=6,
                ipv6_xacts=0,
                xacts=6,
                checking_disabled_xacts=0,
                authenticated_data_xacts=6,
                authoritative_answer_xacts=0,
                timeout_queries=0,
                orphan_responses=0,
                noerror_xacts=6,
            ),
            "unknown.cardinality.qname": 3,
            **top("unknown.top_qtype_xacts", ("DNSKEY", 3), ("DS", 2), ("A", 1)),
        },
    ),
    Row(
        "public_suffix_list",
        MIXED,
        {"public_suffix_list": True},
        hosts="192.168.0.0/26",
        expected={
            "filtered_packets": 0,
            **side("out", udp_xacts=9, noerror_xacts=7, srvfail_xacts=0, refused_xacts=1),
            "out.nxdomain_xacts": 1,
            "out.top_qname2_xacts[0].estimate": 2,
        },
    ),
    Row(
        "client subnets",
        "ecs",
        hosts=HOST,
        enable=("top_ecs",),
        geo=True,
        expected={
            "observed_packets": 36,
            "deep_sampled_packets": 36,
            "filtered_packets": 0,
            **side(
                "unknown",
                tcp_xacts=2,
                udp_xacts=12,
                ipv4_xacts=1,
                ipv6_xacts=13,
                xacts=14,
                timeout_queries=0,
                orphan_responses=0,
                ecs_xacts=2,
            ),
            "unknown.cardinality.qname": 8,
            **top("unknown.top_ecs_xacts", ("2001:470:1f0b:1600::", 2)),
            "unknown.top_ecs_xacts[1]": None,
            **top("unknown.top_geo_loc_ecs_xacts", ("Unknown", 2)),
            **top("unknown.top_asn_ecs_xacts", ("Unknown", 2)),
        },
    ),
    *(
        Row(
            key,
            "ecs",
            {key: True},
            hosts=HOST,
            enable=("top_ecs",),
            geo=True,
            expected={
                "observed_packets": 36,
                "deep_sampled_packets": 36,
                "filtered_packets": 27,
                **side(
                    "unknown",
                    tcp_xacts=0,
                    udp_xacts=2,
                    ipv4_xacts=0,
                    ipv6_xacts=2,
                    xacts=2,
                    timeout_queries=0,
                    orphan_responses=2,
                    ecs_xacts=2,
                ),
                "unknown.cardinality.qname": 1,
                **top("unknown.top_ecs_xacts", ("2001:470:1f0b:1600::", 2)),
                "unknown.top_ecs_xacts[1]": None,
                **top(f"unknown.{place}", ("Unknown", 2)),
            },
        )
        for key, place in (
            ("geoloc_notfound", "top_geo_loc_ecs_xacts"),
            ("asn_notfound", "top_asn_ecs_xacts"),
        )
    ),
    Row(
        "groups: sizes and times instead of cardinality and counters",
        RANDOM,
        hosts=HOST,
        disable=("cardinality", "counters"),
        enable=("top_size", "xact_times"),
        expected={
            **ALL,
            **side("out", tcp_xacts=None, udp_xacts=None, xacts=None, timeout_queries=None),
            "out.cardinality.qname": None,
            "out.top_qname2_xacts[0].name": ".test.com",
            "out.response_query_size_ratio.p50": ...,
            "out.xact_time_us.p50": ...,
            "out.xact_histogram_us.buckets": ...,
        },
    ),
    Row(
        "groups: no names",
        RANDOM,
        hosts=HOST,
        disable=("top_qnames",),
        expected={
            **ALL,
            **side("out", tcp_xacts=1440, udp_xacts=1481, ipv4_xacts=2921, ipv6_xacts=0),
            **side("out", xacts=2921, timeout_queries=0, orphan_responses=0),
            "out.cardinality.qname": 2036,
            "out.top_qname2_xacts[0].name": None,
        },
    ),
    *(
        Row(
            f"only_xact_directions: {directions}",
            RANDOM,
            {"only_xact_directions": directions},
            hosts=HOST,
            expected={"filtered_packets": filtered, "out.xacts": xacts},
            deviates="the original refuses the key, which it implements and documents",
        )
        for directions, filtered, xacts in ((["out"], 0, 2921), (["in", "unknown"], 5851, None))
    ),
]

REFUSED = [
    ({"only_rcode": "1"}, "only_rcode"),
    ({"only_rcode": 133}, "133"),
    ({"only_qtype": ["AAAA", "TEXT"]}, "TEXT$"),
    ({"only_qtype": ["AAAA", 270]}, "270$"),
    ({"answer_count": "1"}, "answer_count"),
    ({"dnstap_msg_type": "sender"}, "auth, client, forwarder, resolver, stub, tool, update"),
    ({"only_queries": True}, "only_queries"),
    (
        {"invalid_config": True},
        "invalid_config.*exclude_noerror, only_rcode, only_dnssec_response, answer_count,"
        " only_qtype, only_qname, only_qname_suffix, geoloc_notfound, asn_notfound,"
        " dnstap_msg_type, public_suffix_list, recorded_stream, xact_ttl_secs, xact_ttl_ms",
    ),
]
GROUPS = (
    "all, cardinality, counters, quantiles, top_ecs, top_ports, top_qnames, top_qtypes, top_rcodes,"
    " top_size, xact_times"
)
NOT_APPLICABLE = {
    "which parser the packet library attaches": "there is one parser",
    "a limit of the TCP reassembly cache": "memory is bounded by the tables of the stage",
    "dnstap, four rows": "the dnstap input is a distribution of its own",
}


@needs_captures
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_dns_2_counts_what_the_original_expects(row: Row) -> None:
    check(row, "dns", "2.0")


@pytest.mark.parametrize(("config", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_dns_2_refuses_what_the_original_refuses(config: dict[str, Any], message: str) -> None:
    check_refused("dns", "2.0", config, message)


@pytest.mark.parametrize("key", ["enable", "disable"])
def test_dns_2_refuses_an_unknown_group_and_lists_its_own(key: str) -> None:
    with pytest.raises(ValueError, match=f"dns_top_wired.*{GROUPS}"):
        choose_groups(
            Plugins().handler("dns", "2.0").bucket.groups, **{key: ["top_qnames", "dns_top_wired"]}
        )


@needs_captures
def test_two_runs_merge_into_the_sum_of_their_transactions() -> None:
    runs = [run(RANDOM, "dns", "2.0", host_spec=HOST) for _ in range(2)]
    merged: Any = type(runs[0]).merged(runs)
    assert merged.sides[2].xacts.value == 2 * 2921


def test_the_tally_of_dns_2_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        tally("dns 2.0", ROWS, refused=len(REFUSED) + 2, not_applicable=NOT_APPLICABLE)
