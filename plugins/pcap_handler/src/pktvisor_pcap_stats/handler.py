"""`pcap`: turn the running totals of a capture source into what each period lost."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.streams import CaptureStatistics, Control, HandlerContext, StreamHandler
from pktvisor_pcap_stats.bucket import PcapBucket

__all__ = ["PcapHandler"]

_TCP = 6


class PcapHandler(StreamHandler[PacketBatch, PcapBucket]):
    """Counts what came to a capture and was lost.

    The first totals it is told are where it begins; each later difference belongs to the period
    that is live then, so nothing is lost between two periods.
    """

    def __init__(self, config: Any, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._known: CaptureStatistics | None = None

    def update(self, batch: PacketBatch, bucket: PcapBucket) -> Array | None:
        """Count TCP packets that cannot be reassembled; all are handed on."""
        whole = batch.fragment == 0
        lost = (batch.ip_protocol == _TCP) & (batch.transport == 0) & whole
        bucket.tcp_reassembly_errors.add(np.count_nonzero(lost))
        return None

    def control(self, row: Control, bucket: PcapBucket) -> None:
        """Add what the capture source has dropped since the row before."""
        if row.capture is None:
            return
        if self._known is not None:
            known = self._known
            bucket.os_drops.add(max(row.capture.os_drops - known.os_drops, 0))
            bucket.if_drops.add(max(row.capture.interface_drops - known.interface_drops, 0))
        self._known = row.capture
