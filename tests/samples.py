"""The sample capture, and the hosts that are its own."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SAMPLE", "SAMPLE_HOSTS"]

SAMPLE = Path(__file__).parents[1] / "samples/dns-lab.pcap"
SAMPLE_HOSTS = "192.0.2.53/32,198.51.100.53/32,2001:db8:1::53/128,2001:db8:2::53/128"
