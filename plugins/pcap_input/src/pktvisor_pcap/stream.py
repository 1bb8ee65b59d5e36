"""The input `pcap`: a capture file, or an interface; records in, decoded packets out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pktvisor.batches import Hosts, PacketBatch, Records, decode
from pktvisor.captures import CaptureError, open_capture
from pktvisor.streams import InputStream, StreamContext
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.filters import PacketFilter

__all__ = ["PcapFileStream", "open_stream"]


def open_stream(config: PcapConfig, context: StreamContext) -> InputStream:
    """The stream a config describes. Raises ValueError with what is wrong."""
    if config.pcap_file:
        return PcapFileStream(config, context)
    from pktvisor_pcap.live_stream import LiveStream, MockStream

    return (MockStream if config.pcap_source == "mock" else LiveStream)(config, context)


class PcapFileStream(InputStream):
    """Packets of one capture file, filtered if a filter is set."""

    recorded = True

    def __init__(self, config: PcapConfig, context: StreamContext) -> None:
        """Open the file and check the filter. Raises ValueError with what is wrong."""
        self._filter = PacketFilter(config.bpf) if config.bpf else None
        self._hosts = Hosts.parse(config.host_spec) if config.host_spec else context.hosts
        self._decapsulate = config.decapsulate
        self._path = config.pcap_file
        self._rejected = 0
        self.first_ns: int | None = None
        """When the first packet handed on was seen; None before."""
        try:
            self._reader = open_capture(config.pcap_file)
        except CaptureError as error:
            raise ValueError(str(error)) from None

    def batches(self) -> Iterator[PacketBatch]:
        """Yield the packets of the file, up to 16384 at a time."""
        for records in self._reader:
            chosen = records if self._filter is None else self._pass(records, self._filter)
            if len(chosen):
                if self.first_ns is None:
                    self.first_ns = int(chosen.timestamp_ns[0])
                yield decode(chosen, self._hosts, decapsulate=self._decapsulate)

    @property
    def problem(self) -> str | None:
        """Why the file ended early, or which frames the filter could not judge."""
        if self._reader.problem is not None:
            return self._reader.problem
        if self._filter is not None and self._filter.reasons:
            kind, reason = next(iter(self._filter.reasons.items()))
            return (
                f"{self._path}: filter {self._filter.expression!r} does not apply to link type"
                f" {kind} ({reason}); its packets were left out"
            )
        return None

    def progress(self) -> tuple[int, int | None]:
        """Bytes of the file read so far, and its size."""
        return self._reader.position_bytes, self._reader.size_bytes

    def info(self) -> Mapping[str, Any]:
        """The file, its format, and how many packets the filter rejected."""
        return {
            "pcap_file": self._path,
            "format": self._reader.format,
            "compression": self._reader.compression,
            "packets_filtered": self._rejected,
        }

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _pass(self, records: Records, packet_filter: PacketFilter) -> Records:
        rows = packet_filter.rows(records)
        self._rejected += len(records) - len(rows)
        return records if len(rows) == len(records) else records.take(np.asarray(rows))
