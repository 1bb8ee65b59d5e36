"""The simplest handler of packets: it counts them."""

from __future__ import annotations

from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, StreamHandler

__all__ = ["COUNT", "CountBucket"]


class CountBucket(Bucket):
    schema = "count"
    packets = Counter("packets", "Packets")


class CountHandler(StreamHandler[PacketBatch, CountBucket]):
    def update(self, batch: PacketBatch, bucket: CountBucket) -> None:
        bucket.packets.add(len(batch))


COUNT = HandlerSpec(
    name="count",
    version="1.0",
    bucket=CountBucket,
    factory=CountHandler,
    accepts=(PacketBatch,),
)
