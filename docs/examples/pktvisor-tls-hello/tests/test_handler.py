"""What `tls_hello` counts, and the promises every handler makes."""

from __future__ import annotations

import ssl
from functools import lru_cache

import pytest
from pktvisor_tls_hello.hello import read_hello
from pktvisor_tls_hello.plugin import pktvisor_handlers

from pktvisor_sdk.captures import START_NS, Frame, packet_batch
from pktvisor_sdk.contracts import HandlerBench, HandlerContract
from pktvisor_sdk.frames import tcp_frame
from pktvisor_sdk.traffic import sample_frames

SPEC = next(iter(pktvisor_handlers()))


@lru_cache
def hello(name: str | None) -> bytes:
    """The first bytes that this Python's own TLS client sends."""
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def frame(payload: bytes) -> bytes:
    return tcp_frame("192.0.2.1", "10.0.0.1", 50000, 443, payload)


class TestContract(HandlerContract):
    spec = SPEC

    def frames(self) -> list[Frame]:
        names = ("www.example.org", "mail.example.org", "example.com")
        hellos = [(START_NS + 33_000_000 * n, frame(hello(names[n % 3]))) for n in range(600 // 12)]
        return sorted([*sample_frames(550), *hellos], key=lambda item: item[0])


def test_a_real_client_is_counted_by_the_name_it_asks_for() -> None:
    frames = [frame(hello("www.example.org")), frame(hello("www.example.org")), frame(bytes(99))]
    bucket = HandlerBench(SPEC).run([packet_batch(frames)])[0]
    assert bucket.hellos.value == 2
    assert bucket.top_names.to_json() == [{"name": "www.example.org", "estimate": 2}]
    assert len(bucket.top_prints.to_json()) == 1


def test_other_servers_are_filtered() -> None:
    frames = [frame(hello("www.example.org")), frame(hello("example.com"))]
    bucket = HandlerBench(SPEC, {"only_suffix": ".org"}).run([packet_batch(frames)])[0]
    assert (bucket.hellos.value, bucket.filtered.value) == (1, 1)


@pytest.mark.parametrize("size", [44, 60, 100, 150])
def test_a_message_cut_short_is_unreadable(size: int) -> None:
    bucket = HandlerBench(SPEC).run([packet_batch([frame(hello("example.org")[:size])])])[0]
    assert (bucket.hellos.value, bucket.unreadable.value) == (0, 1)


def test_the_fingerprint_is_the_same_for_every_name() -> None:
    first, second = read_hello(hello("a.example")), read_hello(hello("b.example"))
    assert first.fingerprint == second.fingerprint
