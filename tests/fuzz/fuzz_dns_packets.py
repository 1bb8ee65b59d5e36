"""No packets, in whatever order, make decoding or DNS raise, or name bytes outside their arenas.

python -m tests.fuzz.fuzz_dns_packets [libFuzzer options] [CORPUS ...]
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from pktvisor.batches import PacketBatch
from pktvisor.stages import STAGES, DnsMessages
from pktvisor_sdk import dns as messages
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.frames import ethernet, ipv4, tcp_frame, udp, udp_frame
from pktvisor_sdk.tunnels import MPLS, mpls, vxlan
from tests.fuzz.target import fuzz

LINK_TYPES = (1, 101, 113, 276, 0, 9, 51, 219, 107, 258)
ENDS = ("192.0.2.1", "192.0.2.2")


def check(data: bytes) -> None:
    """Two batches of frames through all stages: a byte of options, then frames with lengths."""
    if not data:
        return
    options, frames = data[0], list(_frames(data[1:]))
    stages = [kind() for kind in STAGES.values()]
    half = len(frames) // 2
    for part in (frames[:half], frames[half:]):
        batch = packet_batch(
            [(START_NS, frame) for frame in part],
            link_type=LINK_TYPES[options % len(LINK_TYPES)],
            snap_length=200 if options & 32 else 65535,
            decapsulate=bool(options & 16),
        )
        _inside(batch)
        for stage in stages:
            batch.add_stage(stage.run(batch))
        _readable(batch.stage(DnsMessages))


def _frames(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(data):
        size = struct.unpack_from("!H", data, at)[0] & 0x0FFF
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def _inside(batch: PacketBatch) -> None:
    end = batch.frame_offset + batch.captured_length
    found = batch.payload_offset >= 0
    assert (batch.payload_offset >= batch.frame_offset)[found].all()
    assert (batch.payload_offset + batch.payload_length <= end)[found].all()
    assert (batch.payload_length >= 0).all()
    assert (batch.status <= 3).all()


def _readable(table: DnsMessages) -> None:
    assert (table.status <= 2).all()
    assert (table.name_length >= 0).all()
    assert (table.name_length <= 4 * 255).all()
    for name in table.columns:
        assert len(table.column(name)) == len(table)
    for at, size in zip(table.name_offset.tolist(), table.name_length.tolist(), strict=True):
        assert 0 <= at <= at + size <= len(table.lower)


def framed(options: int, *frames: bytes) -> bytes:
    """What `check` reads: options, and frames with their lengths."""
    return bytes([options]) + b"".join(struct.pack("!H", len(frame)) + frame for frame in frames)


def seeds() -> Iterable[bytes]:
    """Messages over UDP, over TCP, in fragments and in tunnels."""
    query = messages.query("www.example.org", client_subnet="192.0.2.0/24")
    reply = messages.reply(query, answers=3)
    plain = udp_frame(*ENDS, 4242, 53, query)
    stream = struct.pack("!H", len(query)) + query
    datagram = udp(53, 4242, reply)
    pieces = [
        ethernet(ipv4(*ENDS, datagram[at : at + 48], fragment_offset=at, identifier=1,
                      more_fragments=at + 48 < len(datagram)))
        for at in range(0, len(datagram), 48)
    ]  # fmt: skip
    yield framed(0, plain, udp_frame(*ENDS, 53, 4242, reply))
    yield framed(0, *(tcp_frame(*ENDS, 4242, 53, stream[a : a + 9], sequence=a)
                      for a in range(0, len(stream), 9)))  # fmt: skip
    yield framed(0, *reversed(pieces))
    yield framed(16, ethernet(ipv4(*ENDS, udp(9, 4789, vxlan(plain)))))
    yield framed(0, ethernet(mpls(plain[14:]), MPLS))
    yield framed(1, plain[14:])


if __name__ == "__main__":
    fuzz("dns_packets", check, seeds())
