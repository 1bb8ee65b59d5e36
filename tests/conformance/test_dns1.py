"""What the tests of the original expect of `dns` 1.0, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.metrics import choose_groups
from pktvisor.plugins import Plugins

from .captured import needs_captures
from .expectations import Row, check, check_refused, tally

HOST = "192.168.0.0/24"
MIXED, RANDOM = "dns_udp_mixed_rcode", "dns_udp_tcp_random"
W = "wire_packets."


def counts(**values: int) -> dict[str, Any]:
    """Counters under `wire_packets`."""
    return {W + name: value for name, value in values.items()}


def _loopback(name: str, messages: int, **more: int) -> Row:
    return Row(
        name,
        name,
        expected={
            **counts(
                events=messages,
                queries=messages // 2,
                replies=messages // 2,
                total=messages,
                **more,
            ),
            "top_qname2[0].name": ".test.com",
            "top_qname2[0].estimate": messages,
        },
    )


ROWS = [
    _loopback("dns_ipv4_udp", 140, udp=140, tcp=0, ipv4=140, ipv6=0),
    _loopback("dns_ipv4_tcp", 420, udp=0, tcp=420, ipv4=420, ipv6=0),
    _loopback("dns_ipv6_udp", 140, udp=140, tcp=0, ipv4=0, ipv6=140),
    _loopback("dns_ipv6_tcp", 360, udp=0, tcp=360, ipv4=0, ipv6=360),
    Row(
        "random UDP and TCP",
        RANDOM,
        hosts=HOST,
        enable=("top_qnames_details",),
        expected={
            **counts(
                events=5851,
                deep_samples=5851,
                tcp=2880,
                udp=2971,
                ipv4=5851,
                ipv6=0,
                queries=2930,
                replies=2921,
                nodata=2254,
                noerror=2921,
                nxdomain=0,
                refused=0,
                srvfail=0,
            ),
            "xact.counts.total": 2921,
            "xact.counts.timed_out": 0,
            "xact.in.total": 0,
            "xact.out.total": 2921,
            "cardinality.qname": 2036,
            "top_qname2[0].name": ".test.com",
            "top_qname2[0].estimate": 5851,
            "top_rcode[0].name": "NOERROR",
            "top_rcode[0].estimate": 2921,
            "top_udp_ports[0].name": "57975",
            "top_udp_ports[0].estimate": 302,
            "top_qname_by_resp_bytes[0].name": "82gdxvz5vp.mmyv7ma0jn.rxst40swe.tcbgtnfa.test.com",
            "top_qname_by_resp_bytes[0].estimate": 290,
            **{
                f"top_qtype[{place}].{key}": value
                for place, (name, estimate) in enumerate(
                    [
                        ("AAAA", 1476),
                        ("CNAME", 825),
                        ("SOA", 794),
                        ("MX", 757),
                        ("A", 717),
                        ("NS", 662),
                        ("TXT", 620),
                    ]
                )
                for key, value in (("name", name), ("estimate", estimate))
            },
        },
    ),
    Row(
        "exclude_noerror",
        MIXED,
        {"exclude_noerror": True},
        hosts=HOST,
        expected=counts(noerror=0, srvfail=0, refused=1, nxdomain=1, nodata=0, filtered=22),
    ),
    Row(
        "only_rcode, a name",
        MIXED,
        {"only_rcode": ["NXDomain"]},
        hosts=HOST,
        expected=counts(noerror=0, srvfail=0, refused=0, nxdomain=1, nodata=0, filtered=0),
    ),
    Row(
        "only_rcode, a name and a number",
        MIXED,
        {"only_rcode": ["nxdomain", 5]},
        hosts=HOST,
        expected=counts(noerror=0, srvfail=0, refused=1, nxdomain=1, nodata=0, filtered=0),
    ),
    Row(
        "only_qtype",
        RANDOM,
        {"only_qtype": ["AAAA", "TxT"]},
        hosts=HOST,
        expected={
            **counts(
                events=5851,
                deep_samples=5851,
                ipv4=2096,
                ipv6=0,
                queries=1050,
                replies=1046,
                nodata=737,
                noerror=1046,
            ),
            "top_qtype[0].name": "AAAA",
            "top_qtype[0].estimate": 1476,
            "top_qtype[1].name": "TXT",
            "top_qtype[1].estimate": 620,
            "top_qtype[2]": None,
        },
    ),
    Row(
        "topn_count",
        RANDOM,
        hosts=HOST,
        top_n_count=3,
        expected={
            "cardinality.qname": 2036,
            "top_qtype[0].estimate": 1476,
            "top_qtype[1].estimate": 825,
            "top_qtype[2].estimate": 794,
            "top_qtype[3]": None,
        },
    ),
    Row(
        "only_qname",
        MIXED,
        {"only_qname": ["play.GooGle.com", "nonexistent.google.com"]},
        hosts=HOST,
        expected={
            **counts(
                udp=6, noerror=2, srvfail=0, refused=0, nxdomain=1, nodata=2, total=6, filtered=0
            ),
            "top_qname2[0].name": ".google.com",
            "top_qname3[0].name": "play.google.com",
        },
    ),
    Row(
        "only_qname_suffix",
        MIXED,
        {"only_qname_suffix": ["GooGle.com"]},
        hosts=HOST,
        expected={
            **counts(
                udp=10, noerror=4, srvfail=0, refused=0, nxdomain=1, nodata=2, total=10, filtered=14
            ),
            "top_qname3[0].name": None,
        },
    ),
    Row(
        "answer_count with only_rcode",
        MIXED,
        {"only_rcode": ["NoError"], "answer_count": 0},
        hosts=HOST,
        expected=counts(udp=4, noerror=4, srvfail=0, refused=0, nxdomain=0, nodata=4, filtered=6),
    ),
    Row(
        "only_dnssec_response",
        "dnssec",
        {"only_dnssec_response": True},
        hosts=HOST,
        expected={
            **counts(
                events=14,
                deep_samples=14,
                tcp=0,
                udp=6,
                ipv4=6,
                ipv6=0,
                queries=0,
                replies=6,
                noerror=6,
            ),
            "cardinality.qname": 3,
            "top_qtype[0].name": "DNSKEY",
            "top_qtype[0].estimate": 3,
            "top_qtype[1].name": "DS",
            "top_qtype[1].estimate": 2,
            "top_qtype[2].name": "A",
            "top_qtype[2].estimate": 1,
        },
    ),
    Row(
        "public_suffix_list",
        MIXED,
        {"public_suffix_list": True},
        hosts=HOST,
        expected={
            **counts(udp=24, noerror=10, srvfail=0, refused=1, nxdomain=1, filtered=0),
            "top_qname2[0].name": ".mwbsys.com",
            "top_qname3[0].name": "sirius.mwbsys.com",
        },
    ),
    Row(
        "only_queries",
        MIXED,
        {"only_queries": True},
        hosts=HOST,
        expected={
            **counts(udp=12, noerror=0, srvfail=0, refused=0, nxdomain=0, filtered=12),
            "top_qname2[0].name": ".mwbsys.com",
            "top_qname3[0].name": "sirius.mwbsys.com",
        },
    ),
    Row(
        "only_responses",
        MIXED,
        {"only_responses": True},
        hosts=HOST,
        expected={
            **counts(udp=12, noerror=10, srvfail=0, refused=1, nxdomain=1, filtered=12),
            "top_qname2[0].name": ".mwbsys.com",
            "top_qname3[0].name": "sirius.mwbsys.com",
        },
    ),
    Row(
        "client subnets",
        "ecs",
        hosts=HOST,
        enable=("top_ecs",),
        geo=True,
        expected={
            **counts(
                events=36,
                deep_samples=36,
                tcp=4,
                udp=32,
                ipv4=6,
                ipv6=30,
                queries=22,
                replies=14,
                filtered=0,
                query_ecs=5,
            ),
            "cardinality.qname": 9,
            "top_query_ecs[0].name": "2001:470:1f0b:1600::",
            "top_query_ecs[0].estimate": 5,
            "top_query_ecs[1]": None,
            "top_geoLoc_ecs[0].name": "Unknown",
            "top_geoLoc_ecs[0].estimate": 5,
            "top_asn_ecs[0].name": "Unknown",
            "top_asn_ecs[0].estimate": 5,
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
                **counts(
                    events=36,
                    deep_samples=36,
                    tcp=0,
                    udp=5,
                    ipv4=1,
                    ipv6=4,
                    queries=5,
                    replies=0,
                    filtered=31,
                    query_ecs=5,
                ),
                "cardinality.qname": 2,
                "top_query_ecs[0].name": "2001:470:1f0b:1600::",
                "top_query_ecs[0].estimate": 5,
                "top_query_ecs[1]": None,
                f"{top}[0].name": "Unknown",
                f"{top}[0].estimate": 5,
            },
        )
        for key, top in (("geoloc_notfound", "top_geoLoc_ecs"), ("asn_notfound", "top_asn_ecs"))
    ),
    Row(
        "groups: histograms instead of cardinality and counters",
        RANDOM,
        hosts=HOST,
        disable=("cardinality", "counters"),
        enable=("histograms",),
        expected={
            **counts(
                events=5851, deep_samples=5851, tcp=0, udp=0, ipv4=0, ipv6=0, queries=0, replies=0
            ),
            "xact.counts.total": 2921,
            "xact.in.total": 0,
            "xact.out.total": 2921,
            "xact.counts.timed_out": 0,
            "cardinality.qname": None,
            "top_qname2[0].name": ".test.com",
            "xact.ratio.quantiles.p50": ...,
            "xact.out.histogram_us.buckets": ...,
        },
    ),
    Row(
        "groups: no names, no transactions",
        RANDOM,
        hosts=HOST,
        disable=("top_qnames", "dns_transaction"),
        expected={
            **counts(
                events=5851,
                deep_samples=5851,
                tcp=2880,
                udp=2971,
                ipv4=5851,
                ipv6=0,
                queries=2930,
                replies=2921,
            ),
            "xact.counts.total": 0,
            "xact.in.total": 0,
            "xact.out.total": 0,
            "xact.counts.timed_out": 0,
            "cardinality.qname": 2036,
            "top_qname2[0].name": None,
        },
    ),
    Row(
        "xact_ttl_secs",
        RANDOM,
        {"xact_ttl_secs": 2},
        hosts=HOST,
        expected=counts(events=5851),
    ),
    *(
        Row(
            f"predicate, {events} replies have the code",
            MIXED,
            {"only_rcode": code},
            hosts=HOST,
            expected=counts(events=events, deep_samples=events),
        )
        for code, events in ((2, 0), (3, 1))
    ),
]
GROUPS = (
    "all, cardinality, counters, dns_transaction, histograms, quantiles, top_ecs, top_ports,"
    " top_qnames, top_qnames_details"
)

REFUSED = [
    ({"only_rcode": "1"}, "only_rcode"),
    ({"only_rcode": 133}, "133"),
    ({"only_qtype": ["AAAA", "TEXT"]}, "TEXT$"),
    ({"only_qtype": ["AAAA", 270]}, "270$"),
    ({"answer_count": "1"}, "answer_count"),
    ({"dnstap_msg_type": "sender"}, "auth, client, forwarder, resolver, stub, tool, update"),
    (
        {"invalid_config": True},
        "invalid_config.*exclude_noerror, only_rcode, only_queries, only_responses,"
        " only_dnssec_response, answer_count, only_qtype, only_qname, only_qname_suffix,"
        " geoloc_notfound, asn_notfound, dnstap_msg_type, public_suffix_list, recorded_stream,"
        " xact_ttl_secs, xact_ttl_ms",
    ),
]


NOT_APPLICABLE = {
    "which parser the packet library attaches": "there is one parser",
    "a method of the handler called by hand": "handlers take batches",
    "dnstap, three rows": "the dnstap input is a distribution of its own",
}


@needs_captures
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_dns_1_counts_what_the_original_expects(row: Row) -> None:
    check(row, "dns", "1.0")


@pytest.mark.parametrize(("config", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_dns_1_refuses_what_the_original_refuses(config: dict[str, Any], message: str) -> None:
    check_refused("dns", "1.0", config, message)


@pytest.mark.parametrize("key", ["enable", "disable"])
def test_dns_1_refuses_an_unknown_group_and_lists_its_own(key: str) -> None:
    with pytest.raises(ValueError, match=f"dns_top_wired.*{GROUPS}"):
        choose_groups(
            Plugins().handler("dns", "1.0").bucket.groups, **{key: ["top_qnames", "dns_top_wired"]}
        )


def test_the_tally_of_dns_1_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        tally("dns 1.0", ROWS, refused=len(REFUSED) + 2, not_applicable=NOT_APPLICABLE)
