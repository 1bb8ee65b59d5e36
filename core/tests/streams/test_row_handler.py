"""The row-by-row door: packets as objects, for those who want them."""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np
import pytest

from pktvisor import Bucket, Counter, HandlerSpec, Packet, PacketBatch, RowHandler
from pktvisor.batches import Array
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.contracts import HandlerContract
from pktvisor_sdk.frames import tcp_frame, udp_frame


class SizeBucket(Bucket):
    schema = "sizes"
    large = Counter("large", "Packets that carry a lot")


class SizeHandler(RowHandler[SizeBucket]):
    def wanted(self, batch: PacketBatch) -> Array:
        return batch.transport != 0

    def packet(self, packet: Packet, bucket: SizeBucket) -> bool:
        large = len(packet.payload) > 40
        bucket.large.add(large)
        return large


SPEC = HandlerSpec(
    name="sizes",
    version="1.0",
    bucket=SizeBucket,
    factory=SizeHandler,
    accepts=(PacketBatch,),
)


class TestContract(HandlerContract):
    spec = SPEC


def test_a_packet_tells_what_its_columns_say() -> None:
    frame = udp_frame("2001:db8::1", "2001:db8::2", 4000, 53, b"hello")
    packet = packet_batch([frame], host_spec="2001:db8::2/128").packet(0)
    assert packet.source == ipaddress.ip_address("2001:db8::1")
    assert packet.destination == ipaddress.ip_address("2001:db8::2")
    assert (packet.source_port, packet.destination_port) == (4000, 53)
    assert (packet.payload, packet.frame, packet.direction) == (b"hello", frame, "in")


def test_a_packet_decodes_deeply_when_asked() -> None:
    packet = packet_batch([tcp_frame("10.0.0.1", "10.0.0.2", 4000, 80, b"GET /")]).packet(0)
    layer: Any = packet.decoded
    assert layer.child().child().get_th_dport() == 80


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError, match="row 1; the batch has 1"):
        packet_batch([b"\0" * 60]).packet(1)


def test_only_what_the_mask_picks_is_handed_over_and_only_what_is_kept_is_handed_on() -> None:
    frames = [
        udp_frame("10.0.0.1", "10.0.0.2", 1, 2, bytes(50)),
        udp_frame("10.0.0.1", "10.0.0.2", 1, 2, bytes(5)),
        b"\0" * 100,
    ]
    from pktvisor.metrics import MetricSettings
    from pktvisor.streams import HandlerContext

    bucket = SizeBucket(MetricSettings())
    handed_on = SizeHandler(None, HandlerContext()).update(packet_batch(frames), bucket)
    assert np.array_equal(handed_on, [0])
    assert bucket.large.value == 1
