"""Capture files: pcap and pcapng, compressed or not, as batches of records."""

from pktvisor.captures.errors import CaptureError
from pktvisor.captures.reader import CaptureReader, open_capture

__all__ = ["CaptureError", "CaptureReader", "open_capture"]
