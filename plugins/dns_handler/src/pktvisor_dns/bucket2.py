"""The metrics of `dns` 2.0, schema `dns`: transactions by direction."""

from __future__ import annotations

from typing import Any

from pktvisor.metrics import (
    Bucket,
    Cardinality,
    Counter,
    Directions,
    Histogram,
    MetricSet,
    Quantiles,
    Rate,
    TopN,
    asn_text,
    expand_place,
    number_text,
    place_text,
)
from pktvisor_dns.names import qtype_text, rcode_text
from pktvisor_dns.subnets import subnet_text

__all__ = ["Dns2Bucket", "DnsDirection"]


def _counter(path: str, what: str) -> Counter:
    return Counter(path, f"Count of {what}", group="counters")


def _top(path: str, what: str, group: str, label: str = "qname", **more: Any) -> TopN:
    return TopN(path, f"Top {what}", label=label, group=group, deep=True, **more)


class DnsDirection(MetricSet):
    """Transactions of one direction; `in` is where the host is the server."""

    xacts = _counter("xacts", "transactions: queries with their replies")
    udp = _counter("udp_xacts", "transactions over UDP")
    tcp = _counter("tcp_xacts", "transactions over TCP")
    dot = _counter("dot_xacts", "transactions over TLS")
    doh = _counter("doh_xacts", "transactions over HTTPS")
    dnscrypt_udp = _counter("dnscrypt_udp_xacts", "transactions with DNSCrypt over UDP")
    dnscrypt_tcp = _counter("dnscrypt_tcp_xacts", "transactions with DNSCrypt over TCP")
    doq = _counter("doq_xacts", "transactions over QUIC")
    ipv4 = _counter("ipv4_xacts", "transactions over IPv4")
    ipv6 = _counter("ipv6_xacts", "transactions over IPv6")
    noerror = _counter("noerror_xacts", "transactions with rcode NOERROR")
    srvfail = _counter("srvfail_xacts", "transactions with rcode SRVFAIL")
    nxdomain = _counter("nxdomain_xacts", "transactions with rcode NXDOMAIN")
    refused = _counter("refused_xacts", "transactions with rcode REFUSED")
    nodata = _counter("nodata_xacts", "transactions with rcode NOERROR and no answers")
    authenticated = _counter("authenticated_data_xacts", "transactions whose reply has the AD flag")
    authoritative = _counter(
        "authoritative_answer_xacts", "transactions whose reply has the AA flag"
    )
    unchecked = _counter("checking_disabled_xacts", "transactions whose query has the CD flag")
    ecs = Counter(
        "ecs_xacts",
        "Count of transactions whose query has an EDNS client subnet, while top_ecs is on",
        group="counters",
        deep=True,
    )
    timeouts = _counter("timeout_queries", "queries without a reply in time")
    orphans = _counter("orphan_responses", "replies without a query")

    rate = Rate("xact_rates", "Rate of transactions", unit="transactions/s", group="quantiles")
    qname = Cardinality(
        "cardinality.qname", "Distinct names asked for", group="cardinality", deep=True
    )

    top_qname2 = _top("top_qname2_xacts", "names, cut to two labels", "top_qnames")
    top_qname3 = _top("top_qname3_xacts", "names, cut to three labels", "top_qnames")
    top_nxdomain = _top("top_nxdomain_xacts", "names with reply NXDOMAIN", "top_rcodes")
    top_srvfail = _top("top_srvfail_xacts", "names with reply SRVFAIL", "top_rcodes")
    top_refused = _top("top_refused_xacts", "names with reply REFUSED", "top_rcodes")
    top_noerror = _top("top_noerror_xacts", "names with reply NOERROR", "top_rcodes")
    top_nodata = _top(
        "top_nodata_xacts", "names with a NOERROR reply without answers", "top_rcodes"
    )
    top_rcode = _top(
        "top_rcode_xacts", "response codes", "top_rcodes", "rcode", describe=rcode_text
    )
    top_qtype = _top("top_qtype_xacts", "query types", "top_qtypes", "qtype", describe=qtype_text)
    top_ports = _top(
        "top_udp_ports_xacts",
        "ports on the other side of the DNS port",
        "top_ports",
        "port",
        describe=number_text,
    )
    top_ecs = _top(
        "top_ecs_xacts", "EDNS client subnets of queries", "top_ecs", "ecs", describe=subnet_text
    )
    top_geo_ecs = _top(
        "top_geo_loc_ecs_xacts",
        "places of the EDNS client subnets of queries",
        "top_ecs",
        "geo_loc",
        describer=place_text,
        expand=expand_place,
    )
    top_asn_ecs = _top(
        "top_asn_ecs_xacts",
        "autonomous systems of the EDNS client subnets of queries",
        "top_ecs",
        "asn",
        describer=asn_text,
    )
    top_bytes = _top(
        "top_response_bytes", "names by the bytes of their replies", "top_size", unit="bytes"
    )
    ratio = Quantiles(
        "response_query_size_ratio",
        "Size of a reply over the size of its query",
        values="real",
        group="top_size",
        deep=True,
    )
    time = Quantiles(
        "xact_time_us",
        "Time from query to reply",
        unit="us",
        values="small",
        group="xact_times",
        deep=True,
    )
    histogram = Histogram(
        "xact_histogram_us", "Time from query to reply", unit="us", group="xact_times", deep=True
    )
    top_slow = _top("top_slow_xacts", "names in slow transactions", "xact_times")


class Dns2Bucket(Bucket):
    """DNS transactions of one period."""

    schema = "dns"
    groups = {
        "cardinality": True,
        "counters": True,
        "quantiles": True,
        "top_ecs": False,
        "top_ports": False,
        "top_qnames": True,
        "top_qtypes": True,
        "top_rcodes": True,
        "top_size": False,
        "xact_times": False,
    }

    observed = Counter(
        "observed_packets", "Count of DNS messages, including those rejected by filters"
    )
    deep_sampled = Counter("deep_sampled_packets", "Count of DNS messages that were deep sampled")
    observed_rate = Rate("rates.observed_pps", "Rate of DNS messages", unit="messages/s")
    filtered = Counter(
        "filtered_packets",
        "Count of DNS messages rejected by filters, with the query of a rejected reply",
        group="counters",
    )
    sides = Directions(DnsDirection)
