"""The metrics of `net` 2.0, schema `net`."""

from __future__ import annotations

from pktvisor.metrics import (
    Bucket,
    Cardinality,
    Counter,
    Directions,
    MetricSet,
    Quantiles,
    Rate,
    TopN,
    asn_text,
    expand_place,
    ipv4_text,
    ipv6_text,
    place_text,
)

__all__ = ["Net2Bucket", "NetDirection"]


class NetDirection(MetricSet):
    """Packets of one direction."""

    total = Counter("total_packets", "Count of packets that passed the filters", group="counters")
    udp = Counter("udp_packets", "Count of UDP packets", group="counters")
    tcp = Counter("tcp_packets", "Count of TCP packets", group="counters")
    other_l4 = Counter(
        "other_l4_packets", "Count of packets that are not UDP or TCP", group="counters"
    )
    ipv4 = Counter("ipv4_packets", "Count of IPv4 packets", group="counters")
    ipv6 = Counter("ipv6_packets", "Count of IPv6 packets", group="counters")
    tcp_syn = Counter(
        "tcp.syn_packets", "Count of TCP packets with the SYN flag", group="counters", deep=True
    )
    ips = Cardinality(
        "cardinality.ips",
        "Distinct remote addresses; of packets of unknown direction, those of both ends",
        group="cardinality",
        deep=True,
    )
    top_ipv4 = TopN(
        "top_ipv4_packets",
        "Top remote IPv4 addresses",
        label="ipv4",
        describe=ipv4_text,
        group="top_ips",
        deep=True,
        unit="packets",
    )
    top_ipv6 = TopN(
        "top_ipv6_packets",
        "Top remote IPv6 addresses",
        label="ipv6",
        describe=ipv6_text,
        group="top_ips",
        deep=True,
        unit="packets",
    )
    top_geo = TopN(
        "top_geo_loc_packets",
        "Top places of remote addresses",
        label="geo_loc",
        describer=place_text,
        expand=expand_place,
        group="top_geo",
        deep=True,
        unit="packets",
    )
    top_asn = TopN(
        "top_asn_packets",
        "Top autonomous systems of remote addresses",
        label="asn",
        describer=asn_text,
        group="top_geo",
        deep=True,
        unit="packets",
    )
    payload_size = Quantiles(
        "payload_size_bytes",
        "Captured length of frames",
        unit="bytes",
        values="small",
        group="quantiles",
    )
    pps = Rate("rates.pps", "Rate of packets", unit="packets/s", group="quantiles")
    bps = Rate("rates.bps", "Rate of captured bytes", unit="bytes/s", group="quantiles")


class Net2Bucket(Bucket):
    """Packets of one period, by direction."""

    schema = "net"
    groups = {
        "cardinality": True,
        "counters": True,
        "quantiles": True,
        "top_geo": True,
        "top_ips": True,
    }

    observed = Counter("observed_packets", "Count of packets, including those rejected by filters")
    deep_sampled = Counter("deep_sampled_packets", "Count of packets that were deep sampled")
    observed_pps = Rate("rates.observed_pps", "Rate of packets before filtering", unit="packets/s")
    filtered = Counter("filtered_packets", "Count of packets rejected by filters", group="counters")
    directions = Directions(NetDirection)
