"""Settings of the handler `pcap`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["PcapStatsConfig"]


@dataclass(frozen=True)
class PcapStatsConfig:
    """Only what every handler takes."""

    recorded_stream: Any = field(
        default=None, metadata={"doc": "Whatever the value: the traffic was recorded earlier"}
    )
