"""`net` 1.0 and 2.0: one pass over the packets of a batch, then its addresses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from pktvisor.batches import Array, PacketBatch
from pktvisor.kernels import IN, OUT, UNKNOWN, PacketTally, Tallier
from pktvisor.metrics import Addresses, Bucket, CardinalityState, QuantilesState, Seconds
from pktvisor.streams import HandlerContext, StreamHandler
from pktvisor_net.addresses import AddressMetrics, End, destinations, sources
from pktvisor_net.bucket import NetBucket
from pktvisor_net.bucket2 import Net2Bucket, NetDirection
from pktvisor_net.config import NetConfig
from pktvisor_net.filters import Filters

__all__ = ["Net2Handler", "NetHandler"]

BucketT = TypeVar("BucketT", bound=Bucket)

_NO_SIZES = np.empty(0, np.int64)


class _NetHandler(StreamHandler[PacketBatch, BucketT]):
    """What both versions share: filters, deep sampling and the pass over the columns."""

    def __init__(self, config: NetConfig, context: HandlerContext) -> None:
        super().__init__(config, context)
        self._filters = Filters(config, context.settings)
        self._tallier = Tallier()

    def update(self, batch: PacketBatch, bucket: BucketT) -> Array | None:
        """Count a batch of packets; those that pass the filters are handed on."""
        accepted = self._filters.accepted(batch)
        deep = None if self.sampler.rate == 100 else self.sampler.flags(_all(batch, accepted))
        sampled = len(batch) if deep is None else int(np.count_nonzero(deep))
        self._count(batch, bucket, accepted, deep, sampled)
        return None if accepted is None else np.flatnonzero(accepted)

    @abstractmethod
    def _count(
        self,
        batch: PacketBatch,
        bucket: BucketT,
        accepted: Array | None,
        deep: Array | None,
        sampled: int,
    ) -> None:
        """Count a batch; the two bool columns are None for all rows."""


class NetHandler(_NetHandler[NetBucket]):
    """`net` 1.0: packets by direction, protocol, remote address, place and network."""

    def _count(
        self,
        batch: PacketBatch,
        bucket: NetBucket,
        accepted: Array | None,
        deep: Array | None,
        sampled: int,
    ) -> None:
        runs = Seconds.of_table(batch)
        sizes = bucket.payload_size.table
        tally = self._tallier.tally(
            batch,
            runs.starts,
            accepted=accepted,
            deep=deep,
            sizes=(sizes, sizes, sizes),
        )
        totals = [tally.total(direction) for direction in (UNKNOWN, IN, OUT)]
        total = sum(totals)
        bucket.events.add(len(batch))
        bucket.deep_samples.add(sampled)
        if bucket.enabled("counters"):
            bucket.total.add(total)
            bucket.filtered.add(len(batch) - total)
            bucket.unknown_dir.add(totals[UNKNOWN])
            bucket.packets_in.add(totals[IN])
            bucket.packets_out.add(totals[OUT])
            _add(bucket, map(sum, zip(*map(tally.protocols, range(3)), strict=True)))
        _rates(bucket, runs, tally)
        _sizes(bucket.payload_size, batch, accepted, tally, (UNKNOWN, IN, OUT))
        AddressMetrics(
            self.context.settings,
            bucket.top_ipv4,
            bucket.top_ipv6,
            bucket.top_geo,
            bucket.top_asn,
        ).add(
            _end(sources(batch), bucket.src_ips_in, tally, IN),
            _end(destinations(batch), bucket.dst_ips_out, tally, OUT),
        )


class Net2Handler(_NetHandler[Net2Bucket]):
    """`net` 2.0: the same counts, once for each direction."""

    def _count(
        self,
        batch: PacketBatch,
        bucket: Net2Bucket,
        accepted: Array | None,
        deep: Array | None,
        sampled: int,
    ) -> None:
        runs = Seconds.of_table(batch)
        seen = _directions(batch, bucket, accepted)
        quantiles = bucket.enabled("quantiles")
        no, incoming, outgoing = (
            bucket.directions[direction].payload_size.table
            if quantiles and direction in seen
            else _NO_SIZES
            for direction in (UNKNOWN, IN, OUT)
        )
        tally = self._tallier.tally(
            batch,
            runs.starts,
            accepted=accepted,
            deep=deep,
            sizes=(no, incoming, outgoing),
        )
        bucket.observed.add(len(batch))
        bucket.deep_sampled.add(sampled)
        bucket.observed_pps.add(runs.seconds, runs.count())
        total = 0
        for direction in seen:
            part = bucket.directions[direction]
            total += self._direction(batch, part, tally, direction)
            if quantiles:
                part.pps.add(runs.seconds, tally.packets[direction])
                part.bps.add(runs.seconds, tally.octets[direction])
                _sizes(part.payload_size, batch, accepted, tally, (direction,))
        bucket.filtered.add(len(batch) - total)

    def _direction(
        self, batch: PacketBatch, part: NetDirection, tally: PacketTally, direction: int
    ) -> int:
        """Count what is of one direction; returns how many packets that are."""
        total = tally.total(direction)
        if "counters" in self.context.settings.groups:
            part.total.add(total)
            _add(part, tally.protocols(direction))
        ends = []
        if direction != OUT:
            ends.append(_end(sources(batch), part.ips, tally, direction))
        if direction != IN:
            there = direction == UNKNOWN
            ends.append(_end(destinations(batch), part.ips, tally, direction, destination=there))
        AddressMetrics(
            self.context.settings, part.top_ipv4, part.top_ipv6, part.top_geo, part.top_asn
        ).add(*ends)
        return total


def _end(
    addresses: Addresses,
    cardinality: CardinalityState,
    tally: PacketTally,
    direction: int,
    *,
    destination: bool = False,
) -> End:
    rows4, rows6 = (
        tally.addresses(direction, version, destination=destination) for version in (4, 6)
    )
    return End(addresses, cardinality, rows4, rows6)


def _add(counted: NetBucket | NetDirection, protocols: Iterable[int]) -> None:
    """Add what `PacketTally.protocols` gives."""
    udp, tcp, other_l4, ipv4, ipv6, tcp_syn = protocols
    counted.udp.add(udp)
    counted.tcp.add(tcp)
    counted.other_l4.add(other_l4)
    counted.ipv4.add(ipv4)
    counted.ipv6.add(ipv6)
    counted.tcp_syn.add(tcp_syn)


def _all(batch: PacketBatch, accepted: Array | None) -> Array:
    return np.ones(len(batch), bool) if accepted is None else accepted


def _directions(batch: PacketBatch, bucket: Net2Bucket, accepted: Array | None) -> list[int]:
    """The directions that the bucket knows already or accepted packets of the batch have."""
    direction = batch.direction if accepted is None else batch.direction[accepted]
    return [
        code
        for code in (UNKNOWN, IN, OUT)
        if code in bucket.directions or bool((direction == code).any())
    ]


def _rates(bucket: NetBucket, runs: Seconds, tally: PacketTally) -> None:
    seconds = runs.seconds
    bucket.pps_events.add(seconds, runs.count())
    bucket.pps_total.add(seconds, tally.packets.sum(axis=0))
    bucket.pps_in.add(seconds, tally.packets[IN])
    bucket.pps_out.add(seconds, tally.packets[OUT])
    bucket.bytes_total.add(seconds, tally.octets.sum(axis=0))
    bucket.bytes_in.add(seconds, tally.octets[IN])
    bucket.bytes_out.add(seconds, tally.octets[OUT])


def _sizes(
    state: QuantilesState,
    batch: PacketBatch,
    accepted: Array | None,
    tally: PacketTally,
    directions: tuple[int, ...],
) -> None:
    """Report the frames the tally counted by size, and take in those too long for its table."""
    number = sum(tally.total(direction) - tally.too_long(direction) for direction in directions)
    octets = int(tally.octets[list(directions)].sum())
    if any(map(tally.too_long, directions)):
        lengths = batch.captured_length
        chosen = (lengths >= len(state.table)) & np.isin(batch.direction, directions)
        longer = lengths[chosen if accepted is None else chosen & accepted]
        octets -= int(longer.sum())
        state.add(longer)
    state.tallied(number, octets)
