"""Names and questions are read as RFC 1035 says, and hostile names as RFC 9267 warns."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import DnsMessages, DnsMessagesStage, dns_messages
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.dns import name_bytes
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.kernels import both_ways

READ, UNREADABLE, NONE = range(3)
OK, MALFORMED, TRUNCATED = range(3)
_UDP_HEADERS = 14 + 20 + 8


@dataclass(frozen=True)
class Message:
    """What is said of one message; `labels` are None where the question could not be read."""

    status: int = OK
    kind: int = 2
    identifier: int = 0
    flags: int = 0
    questions: int = 0
    answers: int = 0
    question: int = UNREADABLE
    qtype: int = 0
    qclass: int = 0
    labels: tuple[bytes, ...] | None = None


def name_at(data: bytes, at: int) -> tuple[tuple[bytes, ...], int] | None:
    """Oracle: the labels of a name and the offset behind it; None when it breaks a rule.

    255 bytes in all with the root, labels of at most 63, pointers to before the piece they end.
    """
    labels: list[bytes] = []
    behind = None
    piece = at
    while True:
        if at >= len(data):
            return None
        size = data[at]
        if size >= 0xC0:
            if at + 2 > len(data):
                return None
            behind = at + 2 if behind is None else behind
            at = (size & 0x3F) << 8 | data[at + 1]
            if at >= piece or at < 12:
                return None
            piece = at
        elif size > 63:
            return None
        elif size == 0:
            return tuple(labels), at + 1 if behind is None else behind
        else:
            labels.append(data[at + 1 : at + 1 + size])
            if len(labels[-1]) < size or sum(len(label) + 1 for label in labels) > 254:
                return None
            at += 1 + size


def read(data: bytes, cut: bool = False) -> Message:
    """Oracle: the header and the first question of a message."""
    short = TRUNCATED if cut else MALFORMED
    if len(data) < 12:
        return Message(status=short)
    identifier, flags, *counts = struct.unpack("!6H", data[:12])
    head = (flags >> 15, identifier, flags, counts[0], counts[1])
    if sum(counts) > 100:
        return Message(MALFORMED, *head)
    if not counts[0]:
        return Message(OK, *head, question=NONE)
    found = name_at(data, 12)
    if found is None or found[1] + 4 > len(data):
        return Message(short, *head)
    qtype, qclass = struct.unpack_from("!HH", data, found[1])
    return Message(OK, *head, READ, qtype, qclass, found[0])


def labels_of(text: str) -> tuple[bytes, ...]:
    """The labels behind presentation text, where what is not visible stands as a backslash and three digits."""

    def unescape(label: str) -> bytes:
        parts = re.split(r"\\(\d{3})", label)
        return b"".join(
            bytes([int(part)]) if i % 2 else part.encode("ascii") for i, part in enumerate(parts)
        )

    return tuple(unescape(label) for label in text.split(".")) if text else ()


def texts(table: DnsMessages, row: int) -> tuple[str, str]:
    """A message's name as sent and in lower case."""
    start = int(table.name_offset[row])
    span = slice(start, start + int(table.name_length[row]))
    return table.sent[span].tobytes().decode("ascii"), table.lower[span].tobytes().decode("ascii")


def walk(messages: list[bytes], snap_length: int = 262144) -> list[Message]:
    """What the stage reads of DNS messages over UDP."""
    frames = [udp_frame("10.0.0.1", "10.0.0.2", 4242, 53, message) for message in messages]
    with both_ways(dns_messages, "dns_walk"):
        table = DnsMessagesStage().run(packet_batch(frames, snap_length=snap_length))
    names = ("status", "kind", "identifier", "flags", "questions", "answers", "question", "qtype")
    found = []
    for row in range(len(table)):
        sent, lower = texts(table, row)
        assert lower == sent.lower()
        values = [int(table.column(name)[row]) for name in (*names, "qclass")]
        found.append(Message(*values, labels_of(sent) if values[6] == READ else None))
    return found


LABELS = st.binary(min_size=1, max_size=63)
NAMES = st.lists(LABELS, max_size=5).filter(
    lambda labels: sum(map(len, labels)) + len(labels) < 255
)


@given(labels=NAMES, identifier=st.integers(0, 65535), qtype=st.integers(0, 65535))
def test_questions_of_any_bytes_come_out_as_dnspython_reads_them(
    labels: list[bytes], identifier: int, qtype: int
) -> None:
    name = dns.name.Name([*labels, b""])
    message = dns.message.make_query(name, qtype or 1, id=identifier)
    wire = message.to_wire()
    (found,) = walk([wire])
    parsed = dns.message.from_wire(wire)
    assert found.labels == parsed.question[0].name.labels[:-1]
    assert (found.identifier, found.qtype) == (parsed.id, parsed.question[0].rdtype)
    assert found.status == OK


# Bytes that pointers, labels and counts are made of, more often than chance would.
HOSTILE = st.lists(
    st.sampled_from(
        [b"\0", b"\1a", b"\x3f", b"\x40", b"\xc0\x0c", b"\xc0\x0e", b"\xc0\x10", b"\xc0"]
    )
    | st.binary(min_size=1, max_size=3),
    max_size=14,
).map(b"".join)
HEADERS = st.builds(
    struct.pack,
    st.just("!6H"),
    st.integers(0, 65535),
    st.integers(0, 65535),
    st.sampled_from([0, 1, 1, 1, 2, 101]),
    st.sampled_from([0, 0, 99, 100, 65535]),
    st.just(0),
    st.sampled_from([0, 1]),
)


@given(
    parts=st.lists(st.tuples(HEADERS, HOSTILE), min_size=1, max_size=4),
    short=st.binary(max_size=12),
)
def test_hostile_messages_read_as_the_oracle_reads_them(
    parts: list[tuple[bytes, bytes]], short: bytes
) -> None:
    messages = [short, *(header + body for header, body in parts)]
    assert walk(messages) == [read(message) for message in messages]


@given(header=HEADERS, body=HOSTILE)
def test_no_name_is_read_that_dnspython_refuses(header: bytes, body: bytes) -> None:
    (found,) = walk([header + body])
    if found.labels is None:
        return
    parsed, _ = dns.name.from_wire(header + body, 12)
    assert found.labels == parsed.labels[:-1]


@given(labels=NAMES, kept=st.integers(0, 100))
def test_a_message_cut_by_the_capture_is_truncated_not_malformed(
    labels: list[bytes], kept: int
) -> None:
    wire = dns.message.make_query(dns.name.Name([*labels, b""]), "A").to_wire()
    (found,) = walk([wire], _UDP_HEADERS + kept)
    assert found == read(wire[:kept], cut=kept < len(wire))


def pointing(name: bytes) -> bytes:
    return struct.pack("!6H", 1, 0, 1, 0, 0, 0) + name + b"\0\1\0\1"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"\xc0\x0c", id="to itself"),
        pytest.param(b"\1a\xc0\x0c", id="to the start of its own name"),
        pytest.param(b"\xc0\x0e\0", id="forward"),
        pytest.param(b"\xc0\x00", id="into the header"),
        pytest.param(b"\xc0", id="cut in two"),
        pytest.param(b"\xff\xff", id="beyond the end"),
        pytest.param(b"\x40" + 64 * b"a" + b"\0", id="label of 64 bytes"),
        pytest.param(b"\x80\0", id="reserved label type"),
        pytest.param(4 * (b"\x3f" + 63 * b"a") + b"\0", id="name of 257 bytes"),
        pytest.param(b"\5abc", id="label beyond the end"),
    ],
)
def test_a_name_that_breaks_a_rule_is_malformed_and_the_next_message_is_read(name: bytes) -> None:
    good = pointing(name_bytes("www.example.org"))
    broken, after = walk([pointing(name), good])
    assert (broken.status, broken.question) == (MALFORMED, UNREADABLE)
    assert after.labels == (b"www", b"example", b"org")


def test_a_name_of_255_bytes_is_read_and_one_more_byte_is_not() -> None:
    longest = 3 * (b"\x3f" + 63 * b"a") + b"\x3d" + 61 * b"b" + b"\0"
    longer = 3 * (b"\x3f" + 63 * b"a") + b"\x3e" + 62 * b"b" + b"\0"
    at_bound, beyond = walk([pointing(longest), pointing(longer)])
    assert at_bound.question == READ
    assert beyond.question == UNREADABLE


def test_more_names_than_the_arena_holds_are_all_read() -> None:
    """Every byte of these names takes four in the text, so the arena has to grow several times."""
    names = [bytes([200 + i % 50]) * 60 for i in range(1500)]
    frames = [
        udp_frame("10.0.0.1", "10.0.0.2", 4242, 53, pointing(b"\x3c" + name + b"\0"))
        for name in names
    ]
    stage = DnsMessagesStage()
    first = stage.run(packet_batch(frames))
    assert [labels_of(texts(first, row)[0]) for row in (0, 700, 1499)] == [
        (names[row],) for row in (0, 700, 1499)
    ]
