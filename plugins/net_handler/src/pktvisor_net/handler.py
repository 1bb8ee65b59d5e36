"""`net` 1.0: one pass of masked column operations a batch."""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import Addresses, Seconds
from pktvisor.streams import StreamHandler
from pktvisor_net.bucket import NetBucket

__all__ = ["NetHandler"]

UNKNOWN, IN, OUT = 0, 1, 2
UDP, TCP = 1, 2
_SYN = 2


class NetHandler(StreamHandler[PacketBatch, NetBucket]):
    """Counts packets by direction, protocol, remote address, place and network."""

    def update(self, batch: PacketBatch, bucket: NetBucket) -> Array | None:
        """Count a batch of packets; all are handed on."""
        rows = len(batch)
        bucket.events.add(rows)
        bucket.total.add(rows)
        deep = self.sampler.flags(np.ones(rows, bool))
        bucket.deep_samples.add(np.count_nonzero(deep))
        runs = Seconds.of_table(batch)
        packets, lengths = runs.grouped(batch.direction, batch.captured_length, 3)
        _rates(bucket, runs.seconds, packets, lengths)
        bucket.payload_size.add(batch.captured_length)
        if bucket.enabled("counters"):
            _counters(batch, bucket, packets.sum(axis=0), deep)
        incoming = (batch.direction == IN) & deep
        outgoing = (batch.direction == OUT) & deep
        self._addresses(batch, bucket, incoming, outgoing)
        return None

    def _addresses(
        self, batch: PacketBatch, bucket: NetBucket, incoming: Array, outgoing: Array
    ) -> None:
        version = batch.ip_version
        source = Addresses(version, batch.source_hi, batch.source_lo)
        destination = Addresses(version, batch.destination_hi, batch.destination_lo)
        remote = Addresses(
            version,
            np.where(outgoing, destination.hi, source.hi),
            np.where(outgoing, destination.lo, source.lo),
        )
        given = (remote.hi | remote.lo) != 0
        rows_in = np.flatnonzero(incoming & given)
        rows_out = np.flatnonzero(outgoing & given)
        if bucket.enabled("cardinality"):
            bucket.src_ips_in.add(source, rows_in)
            bucket.dst_ips_out.add(destination, rows_out)
        known = (incoming | outgoing) & given
        if bucket.enabled("top_ips"):
            bucket.top_ipv4.add_addresses(remote, np.flatnonzero(known & (version == 4)))
            bucket.top_ipv6.add_addresses(remote, np.flatnonzero(known & (version == 6)))
        if bucket.enabled("top_geo"):
            self._places(bucket, remote, known)

    def _places(self, bucket: NetBucket, remote: Addresses, known: Array) -> None:
        rows = np.flatnonzero(known)
        every = np.arange(len(rows))
        for database, top in (
            (self.context.settings.city, bucket.top_geo),
            (self.context.settings.asn, bucket.top_asn),
        ):
            if database is not None:
                codes = database.codes(remote.version, remote.hi, remote.lo, rows)
                top.add_keys(codes.view(np.uint64), np.zeros(len(rows), np.uint64), every)


def _rates(bucket: NetBucket, seconds: Array, packets: Array, lengths: Array) -> None:
    """Add to the rates: `packets` and `lengths` are sums by second and direction."""
    in_all = packets.sum(axis=1)
    bucket.pps_events.add(seconds, in_all)
    bucket.pps_total.add(seconds, in_all)
    bucket.pps_in.add(seconds, packets[:, IN])
    bucket.pps_out.add(seconds, packets[:, OUT])
    bucket.bytes_total.add(seconds, lengths.sum(axis=1))
    bucket.bytes_in.add(seconds, lengths[:, IN])
    bucket.bytes_out.add(seconds, lengths[:, OUT])


def _counters(batch: PacketBatch, bucket: NetBucket, directions: Array, deep: Array) -> None:
    rows = len(batch)
    bucket.packets_in.add(directions[IN])
    bucket.packets_out.add(directions[OUT])
    bucket.unknown_dir.add(directions[UNKNOWN])
    bucket.ipv4.add(np.count_nonzero(batch.ip_version == 4))
    bucket.ipv6.add(np.count_nonzero(batch.ip_version == 6))
    # As in the original, no fragment counts as UDP or TCP, the first one neither.
    whole = batch.fragment == 0
    tcp = (batch.transport == TCP) & whole
    number_udp = np.count_nonzero((batch.transport == UDP) & whole)
    number_tcp = np.count_nonzero(tcp)
    bucket.udp.add(number_udp)
    bucket.tcp.add(number_tcp)
    bucket.other_l4.add(rows - number_udp - number_tcp)
    bucket.tcp_syn.add(np.count_nonzero(tcp & deep & ((batch.tcp_flags & _SYN) != 0)))
