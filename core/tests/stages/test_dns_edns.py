"""What stands behind the question of DNS messages: signatures, response codes, client subnets."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import DnsMessages, DnsMessagesStage, dns_messages
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.kernels import both_ways


def read(*messages: bytes) -> DnsMessages:
    frames = [udp_frame("192.0.2.1", "192.0.2.53", 4242, 53, message) for message in messages]
    with both_ways(dns_messages, "dns_records"):
        messages = DnsMessagesStage().run(packet_batch(frames))
        assert len(messages.signed) == len(frames)  # read now, while the twin looks on
    return messages


def subnet(messages: DnsMessages, row: int = 0) -> str | None:
    """The client subnet of a message as text."""
    version = int(messages.ecs_version[row])
    if not version:
        return None
    number = int(messages.ecs_hi[row]) << 64 | int(messages.ecs_lo[row])
    address = ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)
    return f"{address}/{messages.ecs_prefix[row]}"


def query_with(*options: dns.edns.Option) -> bytes:
    return dns.message.make_query("example.org", "A", use_edns=0, options=list(options)).to_wire()


@pytest.mark.parametrize("text", ["192.0.2.0/24", "198.51.100.128/25", "2001:db8:1f0b:1600::/56",
                                  "2001:db8::1/128", "10.0.0.0/8"])  # fmt: skip
def test_a_client_subnet_is_read_with_its_real_prefix(text: str) -> None:
    address, _, prefix = text.partition("/")
    message = query_with(dns.edns.ECSOption(address, int(prefix)))
    assert subnet(read(message)) == text


def test_a_client_subnet_may_be_any_of_the_options() -> None:
    cookie = dns.edns.GenericOption(10, b"12345678")
    message = query_with(cookie, dns.edns.ECSOption("192.0.2.0", 24), cookie)
    assert subnet(read(message)) == "192.0.2.0/24"


def test_the_opt_record_may_be_any_of_the_additional_records() -> None:
    message = dns.message.from_wire(query_with(dns.edns.ECSOption("192.0.2.0", 24)))
    opt = message.to_wire()[-(11 + 4 + 7) :]
    header = struct.pack("!6H", 1, 0, 1, 0, 0, 2)
    question = b"\x01x\0\0\x01\0\x01"
    glue = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4)
    assert subnet(read(header + question + glue + opt)) == "192.0.2.0/24"


@pytest.mark.parametrize(
    "option",
    [
        struct.pack("!HBB", 1, 0, 0),  # no bits: the client asks that none be used
        struct.pack("!HBB", 1, 24, 0) + bytes(2),  # fewer bytes than bits
        struct.pack("!HBB", 1, 33, 0) + bytes(5),  # more bits than IPv4 has
        struct.pack("!HBB", 2, 129, 0) + bytes(17),
        struct.pack("!HBB", 3, 8, 0) + bytes(1),  # no such family
        b"\0\1\x18",
        b"",
    ],
)
def test_an_option_that_is_no_usable_subnet_is_none(option: bytes) -> None:
    assert subnet(read(query_with(dns.edns.GenericOption(8, option)))) is None


def test_bits_behind_the_prefix_are_zero() -> None:
    option = dns.edns.GenericOption(8, struct.pack("!HBB", 1, 20, 0) + b"\xc0\x00\x2f")
    assert subnet(read(query_with(option))) == "192.0.32.0/20"


def test_the_rcode_of_a_reply_has_the_upper_bits_of_its_opt_record() -> None:
    query = dns.message.make_query("example.org", "A", use_edns=0)
    reply = dns.message.make_response(query)
    reply.set_rcode(dns.rcode.BADVERS)
    reply.answer.append(dns.rrset.from_text("example.org.", 60, "IN", "A", "192.0.2.1"))
    messages = read(reply.to_wire(), query.to_wire())
    assert messages.rcode.tolist() == [16, 0]


def test_only_an_rrsig_in_the_answers_makes_a_reply_signed() -> None:
    signature = dns.rrset.from_text(
        "example.org.",
        60,
        "IN",
        "RRSIG",
        "A 8 2 60 20300101000000 20200101000000 1 example.org. AA==",
    )
    address = dns.rrset.from_text("example.org.", 60, "IN", "A", "192.0.2.1")
    wires = []
    for answers, authority in (([address, signature], []), ([address], [signature]), ([], [])):
        reply = dns.message.make_response(dns.message.make_query("example.org", "A"))
        reply.answer.extend(answers)
        reply.authority.extend(authority)
        wires.append(reply.to_wire())
    assert read(*wires).signed.tolist() == [1, 0, 0]


def test_a_selection_of_messages_has_the_columns_of_those_messages() -> None:
    wanted = query_with(dns.edns.ECSOption("192.0.2.0", 24))
    batch = packet_batch([udp_frame("192.0.2.1", "192.0.2.53", 4242, 53, wanted)] * 3)
    messages = DnsMessagesStage().run(batch)
    assert [subnet(messages.slice(1, 3), row) for row in (0, 1)] == ["192.0.2.0/24"] * 2


@dataclass
class Oracle:
    """What the columns should say of a message, read the obvious way."""

    signed: bool = False
    extended: int = 0
    subnet: str | None = None


def oracle(message: bytes) -> Oracle:
    found = Oracle()
    if len(message) < 12:
        return found
    _, flags, *counts = struct.unpack_from("!6H", message)
    if sum(counts) > 100:
        return found
    at = 12
    try:
        for _ in range(counts[0]):
            at = _behind(message, at) + 4
            if at > len(message):
                return found
        for section, number in enumerate(counts[1:]):
            for _ in range(number):
                at = _behind(message, at)
                kind, _, ttl, size = struct.unpack_from("!HHIH", message, at)
                data = message[at + 10 : at + 10 + size]
                at += 10 + size
                if len(data) < size:
                    return found
                if section == 0 and kind == 46:
                    found.signed = True
                if section == 2 and kind == 41:
                    found.extended = ttl >> 24 if flags >> 15 else 0
                    found.subnet = _subnet(data)
                    return found
    except (IndexError, struct.error):
        pass
    return found


def _behind(message: bytes, at: int) -> int:
    while size := message[at]:
        if size >= 0xC0:
            return at + 2
        if size > 63:
            raise IndexError
        at += 1 + size
    return at + 1


def _subnet(data: bytes) -> str | None:
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from("!HH", data, at)
        option = data[at + 4 : at + 4 + size]
        if len(option) < size:
            return None
        if code == 8:
            if size < 5:
                return None
            family, prefix = struct.unpack_from("!HB", option)
            width = {1: 4, 2: 16}.get(family, 0)
            address = option[4:]
            if not 0 < prefix <= 8 * width or len(address) > width or 8 * len(address) < prefix:
                return None
            padded = address + bytes(width - len(address))
            network = ipaddress.ip_network((padded, prefix), strict=False)
            return str(network)
        at += 4 + size
    return None


LABELS = st.sampled_from([b"\0", b"\x01a\0", b"\x03abc\x02de\0", b"\xc0\x0c", b"\x01a\xc0\x0c"])
OPTIONS = st.lists(
    st.one_of(
        st.builds(
            lambda family, prefix, address: (
                struct.pack("!HHHBB", 8, 4 + len(address), family, prefix, 0) + address
            ),
            st.integers(0, 3),
            st.integers(0, 140),
            st.binary(max_size=17),
        ),
        st.binary(max_size=6).map(lambda data: struct.pack("!HH", 10, len(data)) + data),
    ),
    max_size=3,
).map(b"".join)
RECORDS = st.builds(
    lambda name, kind, ttl, data: name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data,
    LABELS,
    st.sampled_from([1, 41, 46]),
    st.integers(0, 0xFFFFFFFF),
    OPTIONS,
)
SECTION = st.lists(RECORDS, max_size=3)


@st.composite
def wire(draw: st.DrawFn) -> bytes:
    questions = draw(st.lists(LABELS, min_size=1, max_size=2))
    sections = [draw(SECTION) for _ in range(3)]
    header = struct.pack(
        "!6H", 1, draw(st.sampled_from([0, 0x8000])), len(questions), *map(len, sections)
    )
    message = bytearray(header)
    for name in questions:
        message += name + b"\0\1\0\1"
    for section in sections:
        message += b"".join(section)
    for place, byte in draw(
        st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=3)
    ):
        if place < len(message):
            message[place] = byte
    return bytes(message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message)


@given(wire())
def test_the_columns_say_what_an_obvious_reader_says(message: bytes) -> None:
    expected = oracle(message)
    found = read(message)
    assert (bool(found.signed[0]), subnet(found)) == (expected.signed, expected.subnet)
    if found.question[0] != 1:
        assert found.rcode[0] == (found.flags[0] & 15) + 16 * expected.extended
