"""The metrics of `net` 1.0, schema `packets`."""

from __future__ import annotations

from pktvisor.metrics import (
    Bucket,
    Cardinality,
    Counter,
    Quantiles,
    Rate,
    TopN,
    asn_text,
    expand_place,
    ipv4_text,
    ipv6_text,
    place_text,
)

__all__ = ["NetBucket"]


class NetBucket(Bucket):
    """Packets of one period."""

    schema = "packets"
    groups = {"cardinality": True, "counters": True, "top_geo": True, "top_ips": True}

    events = Counter("events", "Count of packets, including those rejected by filters")
    deep_samples = Counter("deep_samples", "Count of packets that were deep sampled")
    pps_events = Rate("rates.pps_events", "Rate of packets before filtering", unit="packets/s")
    pps_in = Rate("rates.pps_in", "Rate of packets to the hosts", unit="packets/s")
    pps_out = Rate("rates.pps_out", "Rate of packets from the hosts", unit="packets/s")
    pps_total = Rate("rates.pps_total", "Rate of packets in any direction", unit="packets/s")
    bytes_in = Rate(
        "rates.bytes_in",
        "Rate of captured bytes to the hosts",
        unit="bytes/s",
        family="payload_rates_bytes_in",
    )
    bytes_out = Rate(
        "rates.bytes_out",
        "Rate of captured bytes from the hosts",
        unit="bytes/s",
        family="payload_rates_bytes_out",
    )
    bytes_total = Rate(
        "rates.bytes_total",
        "Rate of captured bytes in any direction",
        unit="bytes/s",
        family="payload_rates_bytes_total",
    )
    payload_size = Quantiles(
        "payload_size", "Captured length of frames", unit="bytes", values="small"
    )

    total = Counter("total", "Count of packets that passed the filters", group="counters")
    filtered = Counter("filtered", "Count of packets rejected by filters", group="counters")
    packets_in = Counter("in", "Count of packets to the hosts", group="counters")
    packets_out = Counter("out", "Count of packets from the hosts", group="counters")
    unknown_dir = Counter(
        "unknown_dir", "Count of packets neither to nor from the hosts", group="counters"
    )
    ipv4 = Counter("ipv4", "Count of IPv4 packets", group="counters")
    ipv6 = Counter("ipv6", "Count of IPv6 packets", group="counters")
    udp = Counter("udp", "Count of UDP packets", group="counters")
    tcp = Counter("tcp", "Count of TCP packets", group="counters")
    other_l4 = Counter("other_l4", "Count of packets that are not UDP or TCP", group="counters")
    tcp_syn = Counter(
        "protocol.tcp.syn", "Count of TCP packets with the SYN flag", group="counters", deep=True
    )

    src_ips_in = Cardinality(
        "cardinality.src_ips_in",
        "Distinct source addresses of packets to the hosts",
        group="cardinality",
        deep=True,
    )
    dst_ips_out = Cardinality(
        "cardinality.dst_ips_out",
        "Distinct destination addresses of packets from the hosts",
        group="cardinality",
        deep=True,
    )
    top_ipv4 = TopN(
        "top_ipv4",
        "Top remote IPv4 addresses",
        label="ipv4",
        describe=ipv4_text,
        group="top_ips",
        deep=True,
    )
    top_ipv6 = TopN(
        "top_ipv6",
        "Top remote IPv6 addresses",
        label="ipv6",
        describe=ipv6_text,
        group="top_ips",
        deep=True,
    )
    top_geo = TopN(
        "top_geoLoc",
        "Top places of remote addresses",
        label="geo_loc",
        describer=place_text,
        expand=expand_place,
        group="top_geo",
        deep=True,
    )
    top_asn = TopN(
        "top_ASN",
        "Top autonomous systems of remote addresses",
        label="asn",
        describer=asn_text,
        group="top_geo",
        deep=True,
    )
