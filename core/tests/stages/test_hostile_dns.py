"""Messages made to hurt a DNS reader (RFC 9267), and any bytes at all: counted by their header."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import DnsMessages, DnsMessagesStage
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import udp_frame

UNREADABLE = 1
LAZY = ("signed", "ecs_version", "ecs_prefix", "ecs_hi", "ecs_lo")


def header(questions: int = 1, answers: int = 0, authority: int = 0, additional: int = 0) -> bytes:
    return struct.pack("!6H", 0x1234, 0x8183, questions, answers, authority, additional)


def read(message: bytes) -> DnsMessages:
    frame = udp_frame("192.0.2.1", "192.0.2.53", 4242, 53, message)
    messages = DnsMessagesStage().run(packet_batch([frame]))
    for name in LAZY:
        messages.column(name)
    return messages


HOSTILE = {
    "a pointer to itself": header() + b"\xc0\x0c\0\1\0\1",
    "two pointers to each other": header() + b"\xc0\x0e\xc0\x0c\0\1\0\1",
    "a pointer forward": header() + b"\xc0\x20\0\1\0\1" + bytes(40),
    "a pointer into the header": header() + b"\x01a\xc0\x02\0\1\0\1",
    "a pointer behind the end": header() + b"\xff\xff\0\1\0\1",
    "half a pointer": header() + b"\xc0",
    "a label and a pointer to it": header() + b"\x01a\xc0\x0c\0\1\0\1",
    "a label longer than the message": header() + b"\x3fabc",
    "a label type that was never used": header() + b"\x80abc\0\0\1\0\1",
    "an extended label type": header() + b"\x41abc\0\0\1\0\1",
    "a name of 256 bytes": header() + b"\x3f" * 4 * 64 + b"\0\0\1\0\1",
    "a name without an end": header() + b"\x01a" * 20,
    "a question without its class": header() + b"\x01a\0\0\1",
    "more questions than any message holds": header(questions=0xFFFF) + b"\x01a\0\0\1\0\1",
    "more records than any message holds": header(1, 0xFFFF, 0xFFFF, 0xFFFF) + b"\x01a\0\0\1\0\1",
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_makes_the_question_unreadable_and_leaves_the_header(message: bytes) -> None:
    messages = read(message)
    assert messages.question.tolist() == [UNREADABLE]
    assert messages.name_length.tolist() == [0]
    assert messages.status.tolist() == [1]
    assert (messages.kind[0], messages.rcode[0], messages.identifier[0]) == (1, 3, 0x1234)


BEHIND = {
    "a record without data": b"\0\0\x29\0\0",
    "data longer than the message": b"\0" + struct.pack("!HHIH", 41, 0, 0, 0xFFFF) + b"abc",
    "an option longer than its record": b"\0" + struct.pack("!HHIHHH", 41, 0, 0, 4, 8, 0xFFFF),
    "an owner that points at itself": b"\xc0\x13" + struct.pack("!HHIH", 41, 0, 0, 0),
    "a subnet longer than any address": b"\0"
    + struct.pack("!HHIHHHHBB", 41, 0, 0, 8 + 250, 8, 254, 2, 128, 0)
    + bytes(250),
}


@pytest.mark.parametrize("record", BEHIND.values(), ids=BEHIND)
def test_a_hostile_record_leaves_the_question_as_it_is(record: bytes) -> None:
    messages = read(header(additional=1) + b"\x01a\0\0\1\0\1" + record)
    assert messages.question.tolist() == [0]
    assert (messages.rcode[0], messages.ecs_version[0]) == (3, 0)


@pytest.mark.parametrize("size", [0, 1, 11])
def test_a_message_without_a_whole_header_is_malformed(size: int) -> None:
    messages = read(header()[:size])
    assert (messages.kind[0], messages.status[0]) == (2, 1)


def test_zero_bytes_and_dots_inside_labels_stay_apart_from_the_end_and_the_dot() -> None:
    messages = read(header() + b"\x03a\0b\x03c.d\x00\0\1\0\1")
    start, size = int(messages.name_offset[0]), int(messages.name_length[0])
    assert messages.lower[start : start + size].tobytes() == b"a\\000b.c\\046d"


@given(st.binary(max_size=300))
def test_any_bytes_are_counted_by_their_header(message: bytes) -> None:
    messages = read(message)
    assert len(messages) == 1
    if len(message) >= 12:
        assert messages.kind[0] == message[2] >> 7
        assert messages.rcode[0] & 15 == message[3] & 15
    assert 0 <= messages.name_length[0] <= 1020
    start = int(messages.name_offset[0])
    text = messages.lower[start : start + int(messages.name_length[0])]
    assert np.all((text > 32) & (text < 127))
