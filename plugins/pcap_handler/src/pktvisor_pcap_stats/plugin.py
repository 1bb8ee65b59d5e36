"""What this distribution offers: the handler `pcap`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `pcap` 1.0."""
    from pktvisor_pcap_stats.bucket import PcapBucket
    from pktvisor_pcap_stats.config import PcapStatsConfig

    yield HandlerSpec(
        name="pcap",
        version="1.0",
        config=PcapStatsConfig,
        bucket=PcapBucket,
        factory="pktvisor_pcap_stats.handler:PcapHandler",
        accepts=(PacketBatch,),
        doc="What a packet capture lost",
    )
