"""DNS over TCP is read whatever way its segments come: the messages, once each, in order."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import DnsMessagesStage
from pktvisor.stages.tcp_streams import TcpStreams
from pktvisor_sdk import dns as messages
from pktvisor_sdk.captures import START_NS, Frame, packet_batch
from pktvisor_sdk.frames import tcp_frame

FIN, SYN, RST, ACK = 1, 2, 4, 16
SECOND = 1_000_000_000


def framed(*names: str) -> bytes:
    """Queries with their lengths in front."""
    found = [messages.query(name) for name in names]
    return b"".join(struct.pack("!H", len(query)) + query for query in found)


def segment(
    data: bytes = b"", sequence: int = 1, *, flags: int = ACK, port: int = 4242, back: bool = False
) -> bytes:
    ends = ("192.0.2.2", "192.0.2.1", 53, port) if back else ("192.0.2.1", "192.0.2.2", port, 53)
    return tcp_frame(*ends, data, sequence=sequence, flags=flags)


def names_in(frames: Iterable[Frame], stage: DnsMessagesStage | None = None) -> list[str]:
    table = (stage or DnsMessagesStage()).run(packet_batch(frames))
    return [
        bytes(table.lower[at : at + size]).decode()
        for at, size in zip(table.name_offset.tolist(), table.name_length.tolist(), strict=True)
    ]


def test_several_messages_in_one_segment() -> None:
    assert names_in([segment(framed("a.org", "b.org", "c.org"))]) == ["a.org", "b.org", "c.org"]


def test_a_message_over_segments_that_come_in_any_order() -> None:
    data = framed("a.org", "b.org")
    pieces = [segment(data[at : at + 7], 1 + at) for at in range(0, len(data), 7)]
    opening = segment(sequence=0, flags=SYN)
    assert names_in([opening, *reversed(pieces)]) == ["a.org", "b.org"]


def test_a_retransmitted_segment_counts_once() -> None:
    data = framed("a.org")
    again = segment(data)
    assert names_in([segment(sequence=0, flags=SYN), again, again]) == ["a.org"]


def test_a_retransmission_that_brings_more_gives_what_is_new() -> None:
    data = framed("a.org", "b.org")
    half = len(framed("a.org")) - 3
    assert names_in([segment(data[:half]), segment(data)]) == ["a.org", "b.org"]


def test_data_in_a_syn_counts() -> None:
    data = framed("fast.org")
    assert names_in([segment(data, 100, flags=SYN), segment(framed("b.org"), 101 + len(data))]) == [
        "fast.org",
        "b.org",
    ]


def test_data_in_a_syn_that_is_sent_again_counts_once() -> None:
    data = framed("fast.org")
    frames = [
        segment(data, 100, flags=SYN),
        segment(data, 101),
        segment(framed("b.org"), 101 + len(data)),
    ]
    assert names_in(frames) == ["fast.org", "b.org"]


def test_a_connection_seen_from_its_middle_is_read() -> None:
    assert names_in([segment(framed("a.org"), 777_777)]) == ["a.org"]


def test_sequence_numbers_wrap_around() -> None:
    data = framed("a.org", "b.org")
    start = (1 << 32) - 10
    opening = segment(sequence=start - 1, flags=SYN)
    pieces = [segment(data[at : at + 9], start + at) for at in range(0, len(data), 9)]
    assert names_in([opening, pieces[1], pieces[0], *pieces[:1:-1]]) == ["a.org", "b.org"]


@pytest.mark.parametrize("ending", [FIN | ACK, RST], ids=["FIN", "RST"])
def test_a_port_used_again_after_its_connection_ended_starts_anew(ending: int) -> None:
    data = framed("a.org")
    frames = [
        segment(sequence=500_000, flags=SYN),
        segment(data[:9], 500_001),
        segment(sequence=500_010, flags=ending),
        segment(sequence=499_000, flags=SYN),
        segment(framed("b.org"), 499_001),
    ]
    assert names_in(frames) == ["b.org"]


def test_data_that_comes_with_the_fin_counts() -> None:
    assert names_in([segment(framed("a.org"), flags=FIN | ACK)]) == ["a.org"]


@pytest.mark.parametrize(("wait", "expected"), [(29, ["a.org"]), (31, ["b.org"])])
def test_a_connection_silent_for_thirty_seconds_is_over(wait: int, expected: list[str]) -> None:
    data = framed("a.org")
    later = START_NS + wait * SECOND
    frames: list[Frame] = [(START_NS, segment(data[:9])), (later, segment(data[9:], 10))]
    if wait > 30:
        frames[1] = (later, segment(framed("b.org"), 10))
    stage = DnsMessagesStage()
    assert names_in(frames, stage) == expected
    assert stage.counters()["tcp_connections_timed_out"] == (wait > 30)


def test_a_gap_that_never_closes_is_given_up_and_the_rest_is_read() -> None:
    lost = 1000
    size = len(framed("0000.org"))
    frames = [segment(sequence=0, flags=SYN)]
    frames += [segment(framed(f"{n:04}.org"), 1 + lost + n * size) for n in range(80)]
    stage = DnsMessagesStage()
    found = names_in(frames, stage)
    assert found == [f"{n:04}.org" for n in range(80)]
    assert stage.counters()["tcp_gaps_skipped"] == 1


def test_connections_beyond_the_table_evict_the_oldest_and_are_counted() -> None:
    stage = DnsMessagesStage()
    data = framed("a.org")
    opened = 40_000
    for start in range(0, opened, 8000):
        numbers = range(start, min(start + 8000, opened))
        frames = [tcp_frame(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "192.0.2.2", 4242, 53, data[:9],
                            sequence=1) for n in numbers]  # fmt: skip
        stage.run(packet_batch((START_NS, frame) for frame in frames))
    counters = stage.counters()
    kept = TcpStreams.lanes // 2
    assert opened - kept <= counters["tcp_connections_evicted"] < opened


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[str], list[bytes], list[bytes]]:
    """Names asked over one connection, its segments in order of arrival, and its opening."""
    names = draw(
        st.lists(st.from_regex(r"[a-z]{1,30}\.org", fullmatch=True), min_size=1, max_size=6)
    )
    data = framed(*names)
    start = draw(st.integers(0, (1 << 32) - 1))
    edges = sorted({0, len(data), *draw(st.sets(st.integers(1, len(data) - 1), max_size=12))})
    pieces = list(pairwise(edges))
    again = draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(1, 40)), max_size=4))
    pieces += [(at, min(at + size, len(data))) for at, size in again]
    pieces = draw(st.permutations(pieces))
    frames = [segment(data[a:b], (start + 1 + a) % (1 << 32)) for a, b in pieces]
    return names, frames, [segment(sequence=start, flags=SYN)]


@given(conversation=conversations(), cuts=st.sets(st.integers(1, 18), max_size=3))
def test_any_order_overlap_and_batching_gives_every_message_once(
    conversation: tuple[list[str], list[bytes], list[bytes]], cuts: set[int]
) -> None:
    names, frames, opening = conversation
    stage, found, start = DnsMessagesStage(), [], 0
    frames = opening + frames
    for end in [*sorted(cuts), len(frames)]:
        if start < end <= len(frames):
            found += names_in(frames[start:end], stage)
            start = end
    assert found == names


@given(
    segments=st.lists(
        st.tuples(
            st.binary(max_size=80), st.integers(0, 300), st.integers(0, 31), st.integers(0, 2),
            st.booleans(),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_no_segments_crash_the_stage(segments: list[tuple[bytes, int, int, int, bool]]) -> None:
    frames = [
        segment(data, sequence, flags=flags, port=4242 + port, back=back)
        for data, sequence, flags, port, back in segments
    ]
    stage = DnsMessagesStage()
    for _ in range(2):
        table = stage.run(packet_batch(frames))
        assert (table.status <= 2).all()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_message_byte_by_byte_takes_work_in_proportion_to_its_length(backwards: bool) -> None:
    """Counted work: no segment waits in more than one slot, and no more than 64 wait at a time."""
    data = framed("a" * 40 + ".org")
    frames = [segment(data[at : at + 1], 1 + at) for at in range(len(data))]
    if backwards:
        frames.reverse()
    stage = DnsMessagesStage()
    found = names_in([segment(sequence=0, flags=SYN), *frames], stage)
    assert found == ["a" * 40 + ".org"]
    assert stage._streams._lane_waiting.max() == 0
