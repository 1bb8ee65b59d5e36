"""A little of everything, from a seed: the traffic contracts are checked with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from pktvisor_sdk import dns
from pktvisor_sdk.captures import START_NS, Frame
from pktvisor_sdk.frames import ICMP, ethernet, ipv4, tcp_frame, udp_frame

__all__ = ["hostile_frames", "mixed_frames", "sample_frames"]

_NAMES = ("www.example.org", "mail.example.org", "a.b.c.example.net", "example.com", "localhost")


def sample_frames(count: int = 600, seed: int = 1, seconds: int = 20) -> list[Frame]:
    """DNS with replies, TCP, other UDP, ICMP and non-IP over IPv4 and IPv6, in order of time."""
    return [*_timed_frames(count, seed, seconds)]


def mixed_frames(capture: str, every: int = 12) -> list[Frame]:
    """Ordinary frames with those of an Ethernet capture in the place of every twelfth, repeated.

    No more of the capture is read than has a place. Raises ValueError (CaptureError) when it cannot
    be read or has no packets.
    """
    from pktvisor.captures import CaptureError

    frames = _timed_frames()
    theirs = list(islice(_frames_of(capture), -(-len(frames) // every)))
    if not theirs:
        raise CaptureError(f"{capture}: no packets are in it")
    return [
        (at_ns, theirs[place // every % len(theirs)] if place % every == 0 else ours)
        for place, (at_ns, ours) in enumerate(frames)
    ]


def hostile_frames(count: int = 300, seed: int = 2) -> list[Frame]:
    """The same cut short, overwritten and padded at random places, and plain noise."""
    rng = random.Random(seed)
    frames: list[Frame] = []
    for at_ns, frame in _timed_frames(count, seed):
        broken = bytearray(frame)
        for _ in range(rng.randrange(1, 6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        kind = rng.randrange(4)
        if kind == 0:
            broken = broken[: rng.randrange(1, len(broken) + 1)]
        elif kind == 1:
            broken += rng.randbytes(rng.randrange(40))
        elif kind == 2:
            broken = bytearray(rng.randbytes(rng.randrange(1, 200)))
        frames.append((at_ns, bytes(broken)))
    return frames


def _timed_frames(count: int = 600, seed: int = 1, seconds: int = 20) -> list[tuple[int, bytes]]:
    rng = random.Random(seed)
    frames: list[tuple[int, bytes]] = []
    step = seconds * 1_000_000_000 // max(count, 1)
    at_ns = START_NS
    while len(frames) < count:
        at_ns += step
        frames.extend((at_ns + place * 1000, frame) for place, frame in enumerate(_some(rng)))
    return frames[:count]


def _frames_of(capture: str) -> Iterator[bytes]:
    from pktvisor.captures import open_capture

    with open_capture(capture) as reader:
        for records in reader:
            ends = records.frame_offset + records.captured_length
            for start, end in zip(records.frame_offset.tolist(), ends.tolist(), strict=True):
                yield records.arena[start:end].tobytes()


def _some(rng: random.Random) -> list[bytes]:
    ours, theirs = _pair(rng)
    kind = rng.randrange(10)
    if kind < 5:
        question = dns.query(
            rng.choice(_NAMES), rng.choice((1, 28, 15)), identifier=rng.randrange(65536)
        )
        port = rng.randrange(1024, 65536)
        sent = udp_frame(theirs, ours, port, 53, question)
        if rng.random() < 0.1:
            return [sent]
        answer = dns.reply(question, rcode=rng.choice((0, 0, 0, 3, 2)), answers=rng.randrange(3))
        return [sent, udp_frame(ours, theirs, 53, port, answer)]
    if kind < 8:
        port = rng.randrange(1024, 65536)
        return [
            tcp_frame(theirs, ours, port, 443, flags=2),
            tcp_frame(ours, theirs, 443, port, flags=18),
            tcp_frame(theirs, ours, port, 443, rng.randbytes(rng.randrange(200)), sequence=1),
        ]
    if kind == 8:
        return [udp_frame(theirs, ours, 123, 123, bytes(48))]
    if ":" in ours or rng.random() < 0.5:
        return [ethernet(bytes(46), 0x0806)]
    return [ethernet(ipv4(theirs, ours, b"\x08\x00" + bytes(30), protocol=ICMP))]


def _pair(rng: random.Random) -> tuple[str, str]:
    number = rng.randrange(1, 60)
    if rng.random() < 0.25:
        return "2001:db8::1", f"2620:fe::{number:x}"
    return "10.0.0.1", f"192.0.2.{number}"
