"""Hypothesis strategies: traffic as property tests draw it, with all that goes wrong on a network."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from pktvisor_sdk import dns
from pktvisor_sdk.captures import START_NS
from pktvisor_sdk.frames import ICMP, ethernet, ipv4, tcp_frame, udp_frame

__all__ = ["HOSTS", "NAMES", "Timed", "captures", "client_of", "cuts", "damaged", "frames"]

Timed = tuple[int, bytes]
"""A frame with its time in ns since 1970-01-01 UTC."""

HOSTS = "10.0.0.0/24,2001:db8::/64"
NAMES = (
    "www.example.org",
    "MAIL.Example.org",
    "a.b.c.example.net",
    "example.com",
    "localhost",
    "x.y",
    "very.long.tail.of.labels.example",
)
_SECOND = 1_000_000_000
_OURS = {True: "2001:db8::", False: "10.0.0."}
_THEIRS = {True: "2620:fe::", False: "203.0.113."}


def _other_end(rng: random.Random, client: str) -> str:
    """One of our hosts or of theirs, of the client's IP version."""
    return rng.choice((_OURS, _OURS, _THEIRS))[":" in client] + str(rng.randrange(1, 4))


def _dns_udp(rng: random.Random, client: str) -> Iterator[tuple[int, bytes]]:
    """A query, asked again now and then, and its reply: in time, late, twice or never."""
    server, port = _other_end(rng, client), rng.randrange(1024, 1030)
    question = dns.query(
        rng.choice(NAMES), rng.choice((1, 28, 15, 65)), identifier=rng.randrange(4)
    )
    yield 0, udp_frame(client, server, port, 53, question)
    if rng.random() < 0.2:
        yield rng.randrange(_SECOND), udp_frame(client, server, port, 53, question)
    answer = dns.reply(question, rcode=rng.choice((0, 0, 0, 2, 3, 5)), answers=rng.randrange(3))
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2))):
        delay = rng.choice((rng.randrange(1000, 10**8), 4 * _SECOND, 7 * _SECOND))
        yield delay, udp_frame(server, client, 53, port, answer)


def _dns_tcp(rng: random.Random, client: str) -> Iterator[tuple[int, bytes]]:
    """A connection whose messages share and span segments that come twice or out of order."""
    server, port = _other_end(rng, client), rng.randrange(2048, 65535)
    questions = [
        dns.query(rng.choice(NAMES), rng.choice((1, 28)), identifier=number)
        for number in range(rng.randrange(1, 4))
    ]
    answers = [dns.reply(question, answers=rng.randrange(3)) for question in questions]
    for start_ns, messages, out in ((0, questions, True), (10**8, answers, False)):
        ends = (client, server, port, 53) if out else (server, client, 53, port)
        first = rng.randrange(2**32)
        yield start_ns, tcp_frame(*ends, sequence=first, flags=2 if out else 18)
        stream = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
        at, segments = 0, []
        while at < len(stream):
            size = rng.choice((1, 2, 20, 60, len(stream)))
            segments.append((at, stream[at : at + size]))
            at += size
        if rng.random() < 0.3:
            segments.append(rng.choice(segments))
        if rng.random() < 0.3:
            rng.shuffle(segments)
        for place, (offset, piece) in enumerate(segments):
            frame = tcp_frame(*ends, piece, sequence=first + 1 + offset)
            yield start_ns + 1000 * (place + 1), frame
        if rng.random() < 0.5:
            yield start_ns + 10**7, tcp_frame(*ends, sequence=first + 1 + at, flags=17)


def _other(rng: random.Random, client: str) -> Iterator[tuple[int, bytes]]:
    """What is no DNS: TCP, UDP, ICMP, ARP, and damaged frames."""
    other = _other_end(rng, client)
    quad = client if ":" not in client else "198.51.100.7"
    frame = rng.choice(
        (
            tcp_frame(client, other, 4242, 443, rng.randbytes(rng.randrange(90)), flags=2),
            udp_frame(other, client, 123, 123, bytes(48)),
            ethernet(ipv4(quad, "10.0.0.1", bytes(8), protocol=ICMP)),
            ethernet(ipv4(quad, "10.0.0.1", bytes(24), fragment_offset=64)),
            ethernet(bytes(46), 0x0806),
        )
    )
    if rng.random() < 0.2:
        frame = frame[: rng.randrange(1, len(frame))]
    yield 0, frame


_KINDS: tuple[Callable[[random.Random, str], Iterator[tuple[int, bytes]]], ...] = (
    _dns_udp,
    _dns_udp,
    _dns_tcp,
    _other,
)


def client_of(number: int, network: int = 2) -> str:
    """The address of a client, in one of several networks of documentation addresses."""
    return f"192.0.{network}.{number}" if number % 4 else f"2001:db8:{network}::{number:x}"


@st.composite
def captures(
    draw: st.DrawFn,
    *,
    start_ns: int = START_NS,
    network: int = 2,
    most: int = 12,
    seconds: int = 200,
) -> list[Timed]:
    """Up to `most` exchanges of the clients of a network, in order of time but for a few."""
    frames: list[Timed] = []
    exchange = st.tuples(st.sampled_from(_KINDS), st.integers(1, 5), st.integers(0, seconds * 10))
    for kind, client, tenths in draw(st.lists(exchange, min_size=1, max_size=most)):
        rng = random.Random(draw(st.integers(0, 2**32)))
        at_ns = start_ns + tenths * 10**8
        frames += [(at_ns + delay, frame) for delay, frame in kind(rng, client_of(client, network))]
    frames.sort(key=lambda item: item[0])
    if draw(st.booleans()) and len(frames) > 3:
        place = draw(st.integers(0, len(frames) - 2))
        frames[place], frames[place + 1] = frames[place + 1], frames[place]
    return frames


@st.composite
def frames(draw: st.DrawFn, payloads: st.SearchStrategy[bytes] | None = None) -> bytes:
    """One UDP or TCP frame over IPv4 or IPv6, to or from the hosts or neither.

    `payloads` are what it carries; any bytes by default.
    """
    number, network = draw(st.integers(1, 200)), draw(st.sampled_from((2, 3)))
    one = client_of(number, network)
    other = _other_end(random.Random(number), one)
    source, destination = (one, other) if draw(st.booleans()) else (other, one)
    ports = st.sampled_from((53, 123, 443, 8080)) | st.integers(0, 65535)
    source_port, destination_port = draw(ports), draw(ports)
    payload = draw(payloads if payloads is not None else st.binary(max_size=100))
    ends = (source, destination, source_port, destination_port)
    if draw(st.booleans()):
        return udp_frame(*ends, payload)
    return tcp_frame(*ends, payload, flags=draw(st.integers(0, 255)))


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes] | None = None) -> bytes:
    """A frame cut short, with bytes overwritten or with others behind it; what decoders must bear.

    `whole` draws what is damaged; `frames()` by default.
    """
    frame = bytearray(draw(whole if whole is not None else frames()))
    for place, byte in draw(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)))):
        frame[place % len(frame)] = byte
    if draw(st.booleans()):
        del frame[draw(st.integers(1, len(frame))) :]
    return bytes(frame + draw(st.binary(max_size=20)))


def cuts(most: int = 600) -> st.SearchStrategy[list[int]]:
    """Places to cut a stream into batches before: a few, or before every row."""
    few = st.lists(st.integers(1, most), max_size=6)
    return few | st.just(list(range(1, most)))
