"""The metrics of `dns` 1.0, schema `dns`."""

from __future__ import annotations

from pktvisor.metrics import (
    Bucket,
    Cardinality,
    Counter,
    Histogram,
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

__all__ = ["DnsBucket"]

_XACT = "dns_transaction"
_DETAILS = ("top_qnames", "top_qnames_details")


class DnsBucket(Bucket):
    """DNS messages and transactions of one period."""

    schema = "dns"
    groups = {
        "cardinality": True,
        "counters": True,
        "dns_transaction": True,
        "histograms": False,
        "quantiles": True,
        "top_ecs": False,
        "top_ports": True,
        "top_qnames": True,
        "top_qnames_details": False,
    }

    events = Counter(
        "wire_packets.events", "Count of DNS messages, including those rejected by filters"
    )
    deep_samples = Counter(
        "wire_packets.deep_samples", "Count of DNS messages that were deep sampled"
    )
    rates_events = Rate("rates.events", "Rate of DNS messages before filtering", unit="messages/s")
    rates_total = Rate("rates.total", "Rate of DNS messages", unit="messages/s")

    total = Counter(
        "wire_packets.total", "Count of DNS messages that passed the filters", group="counters"
    )
    filtered = Counter(
        "wire_packets.filtered", "Count of DNS messages rejected by filters", group="counters"
    )
    queries = Counter("wire_packets.queries", "Count of DNS queries", group="counters")
    replies = Counter("wire_packets.replies", "Count of DNS replies", group="counters")
    udp = Counter("wire_packets.udp", "Count of DNS messages over UDP", group="counters")
    tcp = Counter("wire_packets.tcp", "Count of DNS messages over TCP", group="counters")
    ipv4 = Counter("wire_packets.ipv4", "Count of DNS messages over IPv4", group="counters")
    ipv6 = Counter("wire_packets.ipv6", "Count of DNS messages over IPv6", group="counters")
    noerror = Counter(
        "wire_packets.noerror", "Count of DNS replies with rcode NOERROR", group="counters"
    )
    srvfail = Counter(
        "wire_packets.srvfail", "Count of DNS replies with rcode SRVFAIL", group="counters"
    )
    nxdomain = Counter(
        "wire_packets.nxdomain", "Count of DNS replies with rcode NXDOMAIN", group="counters"
    )
    refused = Counter(
        "wire_packets.refused", "Count of DNS replies with rcode REFUSED", group="counters"
    )
    nodata = Counter(
        "wire_packets.nodata", "Count of NOERROR replies without answers", group="counters"
    )

    query_ecs = Counter(
        "wire_packets.query_ecs",
        "Count of DNS queries with an EDNS client subnet",
        group=("counters", "top_ecs"),
        deep=True,
    )

    qname = Cardinality(
        "cardinality.qname", "Distinct names asked for", group="cardinality", deep=True
    )
    top_udp_ports = TopN(
        "top_udp_ports",
        "Top ports on the other side of the DNS port",
        label="port",
        describe=number_text,
        group="top_ports",
        deep=True,
    )
    top_rcode = TopN(
        "top_rcode",
        "Top response codes",
        label="rcode",
        describe=rcode_text,
        deep=True,
    )
    top_qtype = TopN("top_qtype", "Top query types", label="qtype", describe=qtype_text, deep=True)
    top_qname2 = TopN(
        "top_qname2",
        "Top names, cut to two labels",
        label="qname",
        group="top_qnames",
        deep=True,
    )
    top_qname3 = TopN(
        "top_qname3",
        "Top names, cut to three labels",
        label="qname",
        group="top_qnames",
        deep=True,
    )
    top_nxdomain = TopN(
        "top_nxdomain",
        "Top names with reply NXDOMAIN",
        label="qname",
        group="top_qnames",
        deep=True,
    )
    top_srvfail = TopN(
        "top_srvfail",
        "Top names with reply SRVFAIL",
        label="qname",
        group="top_qnames",
        deep=True,
    )
    top_refused = TopN(
        "top_refused",
        "Top names with reply REFUSED",
        label="qname",
        group="top_qnames",
        deep=True,
    )
    top_nodata = TopN(
        "top_nodata",
        "Top names with a NOERROR reply without answers",
        label="qname",
        group="top_qnames",
        deep=True,
    )

    top_noerror = TopN(
        "top_noerror",
        "Top names with reply NOERROR",
        label="qname",
        group=_DETAILS,
        deep=True,
    )
    top_qname_by_resp_bytes = TopN(
        "top_qname_by_resp_bytes",
        "Top names by the bytes of their replies",
        label="qname",
        group=_DETAILS,
        unit="bytes",
        deep=True,
    )
    top_query_ecs = TopN(
        "top_query_ecs",
        "Top EDNS client subnets of queries",
        label="ecs",
        describe=subnet_text,
        group="top_ecs",
        deep=True,
    )
    top_geo_ecs = TopN(
        "top_geoLoc_ecs",
        "Top places of the EDNS client subnets of queries",
        label="geo_loc",
        describer=place_text,
        expand=expand_place,
        group="top_ecs",
        deep=True,
    )
    top_asn_ecs = TopN(
        "top_asn_ecs",
        "Top autonomous systems of the EDNS client subnets of queries",
        label="asn",
        describer=asn_text,
        group="top_ecs",
        deep=True,
    )

    xact_total = Counter(
        "xact.counts.total", "Count of transactions: queries with their replies", group=_XACT
    )
    xact_timed_out = Counter(
        "xact.counts.timed_out", "Count of queries without a reply in time", group=_XACT
    )
    xact_in = Counter(
        "xact.in.total", "Count of transactions in which the host is the server", group=_XACT
    )
    xact_out = Counter(
        "xact.out.total", "Count of transactions in which the host is the client", group=_XACT
    )
    slow_in = TopN(
        "xact.in.top_slow",
        "Top names in slow transactions in which the host is the server",
        label="qname",
        group=_XACT,
        deep=True,
    )
    slow_out = TopN(
        "xact.out.top_slow",
        "Top names in slow transactions in which the host is the client",
        label="qname",
        group=_XACT,
        deep=True,
    )
    time_in = Quantiles(
        "xact.in.quantiles_us",
        "Time from query to reply where the host is the server",
        unit="us",
        values="small",
        group=(_XACT, "quantiles"),
        deep=True,
    )
    time_out = Quantiles(
        "xact.out.quantiles_us",
        "Time from query to reply where the host is the client",
        unit="us",
        values="small",
        group=(_XACT, "quantiles"),
        deep=True,
    )
    ratio = Quantiles(
        "xact.ratio.quantiles",
        "Size of a reply over the size of its query",
        values="real",
        group=(_XACT, "quantiles"),
        deep=True,
    )
    histogram_in = Histogram(
        "xact.in.histogram_us",
        "Time from query to reply where the host is the server",
        unit="us",
        group=(_XACT, "histograms"),
        deep=True,
    )
    histogram_out = Histogram(
        "xact.out.histogram_us",
        "Time from query to reply where the host is the client",
        unit="us",
        group=(_XACT, "histograms"),
        deep=True,
    )
