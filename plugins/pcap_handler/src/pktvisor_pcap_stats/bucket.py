"""The metrics of `pcap`, schema `pcap`."""

from __future__ import annotations

from pktvisor.metrics import Bucket, Counter

__all__ = ["PcapBucket"]


class PcapBucket(Bucket):
    """What was lost in one period."""

    schema = "pcap"

    tcp_reassembly_errors = Counter(
        "tcp_reassembly_errors", "Count of TCP packets whose header could not be read"
    )
    os_drops = Counter("os_drops", "Count of packets dropped by the operating system")
    if_drops = Counter("if_drops", "Count of packets dropped by the interface")
