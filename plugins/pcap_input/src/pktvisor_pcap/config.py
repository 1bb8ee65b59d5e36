"""Settings of the input `pcap`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pktvisor.batches import Hosts

__all__ = ["SOURCES", "PcapConfig"]

SOURCES = ("libpcap", "af_packet", "mock")

_RANGES = {
    "snaplen": (64, 262144),
    "ring_bytes": (1 << 20, 1 << 30),
    "tcp_packet_reassembly_cache_limit": (0, 1 << 32),
}


def _key(default: Any, doc: str, *, filter: bool = False, reaches: str = "") -> Any:
    return field(default=default, metadata={"doc": doc, "filter": filter, "reaches": reaches})


@dataclass(frozen=True)
class PcapConfig:
    """Where packets come from: a capture file, or an interface and how it is read."""

    pcap_file: str = _key("", "Path of a capture file; `-` is standard input", reaches="path")
    iface: str = _key(
        "", "Interface to capture on: a name, one of its addresses, `auto` (the busiest) or `any`"
    )
    bpf: str = _key("", "Count only packets this filter (libpcap's language) accepts", filter=True)
    host_spec: str = _key("", "Prefixes of our hosts, comma separated, instead of those found")
    pcap_source: str = _key("libpcap", "How an interface is read: libpcap, af_packet or mock")
    snaplen: int = _key(262144, "Bytes kept of each packet")
    promiscuous: bool = _key(True, "Also see packets addressed to others; never on `any`")
    ring_bytes: int = _key(32 << 20, "Size of the capture buffer in the kernel, in bytes")
    decapsulate: bool = _key(False, "Count the packets inside tunnels, not those around them")
    debug: bool = _key(False, "Accepted for compatibility")
    tcp_packet_reassembly_cache_limit: int = _key(
        300000, "Accepted for compatibility; the table of TCP connections has a fixed size"
    )

    def __post_init__(self) -> None:
        if self.pcap_source not in SOURCES:
            raise ValueError(
                f"pcap_source: unknown source {self.pcap_source!r}; allowed are"
                f" {', '.join(SOURCES)}"
            )
        if not self.pcap_file and not self.iface and self.pcap_source != "mock":
            raise ValueError("iface: an interface is needed to capture on, or a pcap_file to read")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: {value} is out of range; allowed is {low} to {high}")
        try:
            Hosts.parse(self.host_spec)
        except ValueError as error:
            raise ValueError(f"host_spec: {error}") from None
        try:
            if self.bpf:
                from pktvisor_pcap.filters import PacketFilter

                PacketFilter(self.bpf)
        except ValueError as error:
            raise ValueError(f"bpf: {error}") from None
