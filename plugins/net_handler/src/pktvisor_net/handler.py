"""`net` 1.0: one pass of masked column operations a batch."""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.metrics import Addresses, Seconds
from pktvisor.streams import StreamHandler
from pktvisor_net.bucket import NetBucket

__all__ = ["NetHandler"]

IN, OUT = 1, 2
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
        incoming = batch.direction == IN
        outgoing = batch.direction == OUT
        self._rates(batch, bucket, incoming, outgoing)
        bucket.payload_size.add(batch.captured_length)
        if bucket.enabled("counters"):
            self._counters(batch, bucket, incoming, outgoing, deep)
        self._addresses(batch, bucket, incoming & deep, outgoing & deep)
        return None

    def _rates(
        self, batch: PacketBatch, bucket: NetBucket, incoming: Array, outgoing: Array
    ) -> None:
        runs = Seconds.of_table(batch)
        length = batch.captured_length
        counts = runs.count()
        bucket.pps_events.add(runs.seconds, counts)
        bucket.pps_total.add(runs.seconds, counts)
        bucket.pps_in.add(runs.seconds, runs.sums(incoming))
        bucket.pps_out.add(runs.seconds, runs.sums(outgoing))
        bucket.bytes_total.add(runs.seconds, runs.sums(length))
        bucket.bytes_in.add(runs.seconds, runs.sums(length * incoming))
        bucket.bytes_out.add(runs.seconds, runs.sums(length * outgoing))

    def _counters(
        self, batch: PacketBatch, bucket: NetBucket, incoming: Array, outgoing: Array, deep: Array
    ) -> None:
        rows = len(batch)
        number_in, number_out = np.count_nonzero(incoming), np.count_nonzero(outgoing)
        bucket.packets_in.add(number_in)
        bucket.packets_out.add(number_out)
        bucket.unknown_dir.add(rows - number_in - number_out)
        bucket.ipv4.add(np.count_nonzero(batch.ip_version == 4))
        bucket.ipv6.add(np.count_nonzero(batch.ip_version == 6))
        # As in the original, no fragment counts as UDP or TCP, the first one neither.
        transport = np.where(batch.fragment == 0, batch.transport, 0)
        tcp = transport == TCP
        number_udp, number_tcp = np.count_nonzero(transport == UDP), np.count_nonzero(tcp)
        bucket.udp.add(number_udp)
        bucket.tcp.add(number_tcp)
        bucket.other_l4.add(rows - number_udp - number_tcp)
        bucket.tcp_syn.add(np.count_nonzero(tcp & deep & ((batch.tcp_flags & _SYN) != 0)))

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
