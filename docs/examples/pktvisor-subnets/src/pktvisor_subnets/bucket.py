"""The metrics of `subnets`: declared here once, shown everywhere."""

from __future__ import annotations

import ipaddress

from pktvisor import Bucket, Cardinality, Counter, TopN
from pktvisor.metrics import Entry


def subnet_text(entry: Entry) -> str:
    """A subnet in text: its length is in the low byte of the second key half."""
    upper, rest, _ = entry
    length, version = rest & 0xFF, 6 if rest & 0x100 else 4
    if version == 4:
        return f"{ipaddress.IPv4Address(upper)}/{length}"
    return f"{ipaddress.IPv6Address(upper << 64)}/{length}"


class SubnetsBucket(Bucket):
    """Traffic of one period by the subnet of the remote end."""

    schema = "subnets"
    groups = {"cardinality": True, "top_bytes": True, "top_packets": False}

    packets = Counter("packets", "Count of packets to or from the hosts")
    octets = Counter("bytes", "Bytes of these packets on the wire", unit="bytes")
    subnets = Cardinality(
        "cardinality.subnets", "Distinct subnets of remote ends", group="cardinality"
    )
    top_packets = TopN(
        "top_packets",
        "Top subnets by packets",
        label="subnet",
        describe=subnet_text,
        group="top_packets",
    )
    top_bytes = TopN(
        "top_bytes",
        "Top subnets by bytes on the wire",
        label="subnet",
        describe=subnet_text,
        group="top_bytes",
    )
