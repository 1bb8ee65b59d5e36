"""Settings of the input `pcap`."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PcapConfig"]


@dataclass(frozen=True)
class PcapConfig:
    """`pcap_file` is a path, or `-` for standard input; `bpf` a filter in libpcap's language."""

    pcap_file: str = ""
    bpf: str = ""
    decapsulate: bool = field(
        default=False,
        metadata={"doc": "count the packets inside tunnels, not those around them"},
    )

    def __post_init__(self) -> None:
        if not self.pcap_file:
            raise ValueError("pcap_file: a path is needed, or - for standard input")
