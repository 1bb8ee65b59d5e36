"""What the builders build is what the decoder and the reference parser read."""

from __future__ import annotations

import dns.edns
import dns.message

from pktvisor_sdk import dns as messages
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import tcp_frame, udp_frame


def test_a_udp_frame_decodes_to_what_it_was_built_from() -> None:
    batch = packet_batch([udp_frame("10.0.0.1", "10.0.0.2", 4242, 53, b"hello")])
    assert batch.source_port.tolist() == [4242]
    assert batch.destination_port.tolist() == [53]
    assert batch.payload_length.tolist() == [5]
    assert batch.ip_version.tolist() == [4]


def test_directions_follow_the_host_spec() -> None:
    frames = [
        tcp_frame("2001:db8::1", "2001:db8::2", 1, 2),
        tcp_frame("2001:db8::2", "2001:db8::1", 2, 1),
    ]
    batch = packet_batch(frames, host_spec="2001:db8::2/128")
    assert batch.direction.tolist() == [1, 2]


def test_a_query_and_its_reply_read_as_dns() -> None:
    query = messages.query("www.example.org", 28, identifier=7, client_subnet="192.0.2.0/24")
    parsed = dns.message.from_wire(query)
    assert str(parsed.question[0].name) == "www.example.org."
    assert isinstance(parsed.options[0], dns.edns.ECSOption)
    answer = dns.message.from_wire(messages.reply(messages.query("example.org"), rcode=3))
    assert answer.rcode() == 3
    assert len(answer.answer) == 1
