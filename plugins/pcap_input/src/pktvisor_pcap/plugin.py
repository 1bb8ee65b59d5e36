"""What this distribution offers: the input `pcap`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import InputSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_inputs() -> Iterable[InputSpec]:
    """Yield `pcap` 1.0."""
    from pktvisor_pcap.config import PcapConfig

    yield InputSpec(
        name="pcap",
        version="1.0",
        config=PcapConfig,
        factory="pktvisor_pcap.stream:open_stream",
        emits=PacketBatch,
        file_key="pcap_file",
        preference=0,
        doc="Packets of an interface, or of a capture file (pcap, pcapng, compressed or not)",
    )
