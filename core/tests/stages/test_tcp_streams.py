"""TCP payload comes out in order and once, in memory that does not grow."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import LengthPrefix, TcpStreams, length_prefix, tcp_streams
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import tcp_frame
from pktvisor_sdk.kernels import BothWays, both_ways

SYN, FIN, RST, ACK = 2, 1, 4, 16
CLIENT, SERVER = "192.0.2.1", "192.0.2.53"


def segment(payload: bytes, at: int, flags: int = ACK, port: int = 4242) -> bytes:
    """A segment from the client; `at` is the sequence number."""
    return tcp_frame(CLIENT, SERVER, port, 53, payload, sequence=at, flags=flags)


def delivered(
    streams: TcpStreams, frames: list[bytes], cuts: list[int] | None = None
) -> list[tuple[int, bytes, bool]]:
    """Lane, bytes and whether it starts anew of every piece that came out."""
    places = sorted({0, len(frames), *(cut for cut in cuts or [] if cut < len(frames))})
    found = []
    for start, stop in pairwise(places):
        batch = packet_batch(frames[start:stop])
        for chunks in streams.chunks(batch, np.arange(stop - start), batch.flow_hash):
            for lane, offset, length, fresh in zip(
                chunks.lane.tolist(),
                chunks.offset.tolist(),
                chunks.length.tolist(),
                chunks.fresh.tolist(),
                strict=True,
            ):
                piece = chunks.arena[offset : offset + length].tobytes()
                found.append((lane, piece, bool(fresh)))
    return found


def free_slots(streams: TcpStreams) -> int:
    """Slots in the chain of free ones, which must not loop."""
    count, slot = 0, int(streams._state[6])
    while slot >= 0:
        count += 1
        assert count <= len(streams._slot_next)
        slot = int(streams._slot_next[slot])
    return count


@st.composite
def transfers(draw: st.DrawFn) -> tuple[bytes, int, list[bytes]]:
    """Bytes sent, the first sequence number, and segments: overlapping, repeated, out of order."""
    data = draw(st.binary(min_size=1, max_size=200))
    first = draw(st.sampled_from([0, 7, 2**31 - 20, 2**32 - 20]))
    pieces = []
    for start, stop in pairwise(sorted({0, len(data), *draw(st.lists(st.integers(0, 200)))})):
        if start < len(data):
            before = draw(st.integers(0, min(start, 5)))  # sent again with what is new
            pieces.append((start - before, data[start - before : min(stop, len(data))]))
    pieces += draw(st.lists(st.sampled_from(pieces), max_size=3))
    moved = draw(st.permutations(pieces)) if draw(st.booleans()) else pieces
    frames = [segment(b"", first - 1, SYN)]
    frames += [segment(piece, first + at) for at, piece in moved]
    return data, first, frames


@given(transfer=transfers(), cuts=st.lists(st.integers(1, 30), max_size=4))
def test_what_was_sent_comes_out_once_and_in_order(
    transfer: tuple[bytes, int, list[bytes]], cuts: list[int]
) -> None:
    """Retransmitted, overlapping and early segments, across the wrap of sequence numbers."""
    data, _, frames = transfer
    streams = TcpStreams()
    with both_ways(tcp_streams):
        found = delivered(streams, frames, cuts)
    assert b"".join(piece for _, piece, _ in found) == data
    assert [fresh for _, _, fresh in found] == [True] + [False] * (len(found) - 1)
    assert len({lane for lane, _, _ in found}) == 1
    assert set(streams.counters().values()) == {0}
    assert free_slots(streams) == len(streams._slot_next)


def test_both_sides_of_a_connection_are_lanes_of_their_own() -> None:
    there = tcp_frame(CLIENT, SERVER, 4242, 53, b"ask", sequence=1)
    back = tcp_frame(SERVER, CLIENT, 53, 4242, b"tell", sequence=900)
    found = delivered(TcpStreams(), [there, back, there])
    assert [piece for _, piece, _ in found] == [b"ask", b"tell"]
    assert found[0][0] // 2 == found[1][0] // 2
    assert found[0][0] != found[1][0]


def test_a_gap_is_given_up_when_enough_waits_behind_it() -> None:
    streams = TcpStreams()
    frames = [segment(b"", 0, SYN), segment(b"a", 1)]
    frames += [segment(b"b", 3 + place) for place in range(200)]  # byte 2 never comes
    found = delivered(streams, frames)
    assert b"".join(piece for _, piece, _ in found) == b"a" + 200 * b"b"
    assert [place for place, (_, _, fresh) in enumerate(found) if fresh] == [0, 1]
    assert streams.counters()["tcp_gaps_skipped"] == 1
    assert free_slots(streams) == len(streams._slot_next)


def test_a_new_syn_starts_the_connection_anew() -> None:
    frames = [
        segment(b"", 0, SYN),
        segment(b"old", 1),
        segment(b"", 4, FIN | ACK),
        segment(b"", 5000, SYN),
        segment(b"new", 5001),
    ]
    found = delivered(TcpStreams(), frames)
    assert [(piece, fresh) for _, piece, fresh in found] == [(b"old", True), (b"new", True)]


def test_a_connection_seen_in_the_middle_starts_with_its_first_payload() -> None:
    found = delivered(TcpStreams(), [segment(b"mid", 777), segment(b"dle", 780)])
    assert [piece for _, piece, _ in found] == [b"mid", b"dle"]


def test_early_segments_of_many_connections_stay_within_the_slots() -> None:
    """A segment that finds no slot is counted and the lane goes on behind it."""
    streams = TcpStreams()
    frames = []
    for port in range(1000, 1000 + 2 * 1024):
        frames += [segment(b"", 0, SYN, port), segment(b"early", 50, ACK, port)]
    for start in range(0, len(frames), 1000):
        delivered(streams, frames[start : start + 1000])
    assert free_slots(streams) == 0
    assert streams.counters()["tcp_segments_dropped"] == 1024


def test_connections_beyond_the_table_evict_the_silent_ones_and_are_counted() -> None:
    streams = TcpStreams()
    number = streams.lanes  # twice as many connections as fit
    for start in range(0, number, 4000):
        frames = [
            tcp_frame(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", SERVER, 4242, 53, b"x", sequence=1)
            for n in range(start, min(start + 4000, number))
        ]
        delivered(streams, frames)
    assert streams.counters()["tcp_connections_evicted"] >= number // 2


def test_finished_connections_make_room_without_being_counted() -> None:
    streams = TcpStreams()
    for start in range(0, 40_000, 4000):
        frames = []
        for n in range(start, start + 4000):
            source = f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"
            frames.append(tcp_frame(source, SERVER, 4242, 53, b"x", sequence=1, flags=FIN | ACK))
        delivered(streams, frames)
    assert streams.counters()["tcp_connections_evicted"] == 0


HOSTILE = st.lists(
    st.tuples(
        st.integers(0, 60) | st.sampled_from([2**31, 2**32 - 3, 1 << 20, 1 << 21]),
        st.binary(max_size=6) | st.just(bytes(5000)),
        st.sampled_from([ACK, ACK, ACK, SYN, FIN, RST, SYN | FIN | RST]),
        st.booleans(),
    ),
    max_size=40,
)


@given(segments=HOSTILE, cuts=st.lists(st.integers(1, 40), max_size=3))
def test_any_segments_leave_every_slot_free_or_waiting(
    segments: list[tuple[int, bytes, int, bool]], cuts: list[int]
) -> None:
    """Nothing leaks, no chain loops, and no more comes out than went in."""
    frames = [
        tcp_frame(*((CLIENT, SERVER, 4242, 53) if out else (SERVER, CLIENT, 53, 4242)), payload,
                  sequence=at, flags=flags)
        for at, payload, flags, out in segments
    ]  # fmt: skip
    streams = TcpStreams()
    with both_ways(tcp_streams):
        found = delivered(streams, frames, cuts)
    waiting = int(streams._lane_waiting.sum())
    assert free_slots(streams) + waiting == len(streams._slot_next)
    assert sum(len(piece) for _, piece, _ in found) <= sum(len(p) for _, p, _, _ in segments)


@given(segments=HOSTILE, cuts=st.lists(st.integers(1, 40), max_size=5))
def test_cutting_the_packets_into_batches_changes_no_byte(
    segments: list[tuple[int, bytes, int, bool]], cuts: list[int]
) -> None:
    frames = [segment(payload, at, flags) for at, payload, flags, _ in segments]
    whole = delivered(TcpStreams(), frames)
    assert delivered(TcpStreams(), frames, cuts) == whole


def steps(order: list[int]) -> int:
    """How often the interpreted kernel compares sequence numbers to put segments in order."""
    kernel = BothWays(tcp_streams.kernel)
    twin = kernel._twin
    compare, counted = twin._ahead, [0]

    def counting(sequence: int, expected: int) -> int:
        counted[0] += 1
        return int(compare(sequence, expected))

    twin._ahead = counting
    streams = TcpStreams()
    frames = [segment(b"", 0, SYN), *(segment(b"x", 1 + place) for place in order)]
    saved, tcp_streams.kernel = tcp_streams.kernel, kernel
    try:
        found = delivered(streams, frames)
    finally:
        tcp_streams.kernel = saved
    assert sum(len(piece) for _, piece, _ in found) == len(order)
    return counted[0]


@pytest.mark.parametrize("arrangement", ["in order", "reversed in blocks", "shuffled in blocks"])
def test_the_work_grows_in_proportion_to_the_segments(arrangement: str) -> None:
    """Twice the segments cost twice the comparisons, whatever order a sender chooses."""

    def order(number: int) -> list[int]:
        places = list(range(number))
        if arrangement == "in order":
            return places
        blocks = [places[start : start + 50] for start in range(0, number, 50)]
        for block in blocks:
            if arrangement.startswith("reversed"):
                block.reverse()
            else:
                random.Random(1).shuffle(block)
        return [place for block in blocks for place in block]

    once, twice = steps(order(400)), steps(order(800))
    assert twice <= 2.1 * once


def framed(messages: list[bytes]) -> bytes:
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)


def read_messages(
    streams: TcpStreams, framing: LengthPrefix, frames: list[bytes], cuts: list[int] | None = None
) -> list[bytes]:
    places = sorted({0, len(frames), *(cut for cut in cuts or [] if cut < len(frames))})
    found = []
    for start, stop in pairwise(places):
        batch = packet_batch(frames[start:stop])
        for chunks in streams.chunks(batch, np.arange(stop - start), batch.flow_hash):
            for messages in framing.messages(chunks):
                found += [
                    messages.arena[offset : offset + length].tobytes()
                    for offset, length in zip(
                        messages.offset.tolist(), messages.length.tolist(), strict=True
                    )
                ]
    return found


def framing_oracle(data: bytes, shortest: int) -> list[bytes]:
    """Oracle: all at once; nothing more after a length no message can have."""
    found = []
    at = 0
    while at + shortest + 2 <= len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        if size < shortest or at + 2 + size > len(data):
            break
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


MESSAGES = st.lists(st.binary(min_size=17, max_size=60), max_size=6)


@given(
    messages=MESSAGES,
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 60), max_size=5),
    tail=st.binary(max_size=40),
)
def test_messages_share_and_span_segments_as_they_like(
    messages: list[bytes], sizes: list[int], cuts: list[int], tail: bytes
) -> None:
    """Many messages a segment, one in many segments, and whatever follows."""
    data = framed(messages) + tail
    frames, at = [segment(b"", 0, SYN)], 0
    while at < len(data):
        size = sizes[len(frames) % len(sizes)]
        frames.append(segment(data[at : at + size], 1 + at))
        at += size
    streams, framing = TcpStreams(), LengthPrefix(TcpStreams.lanes, 17)
    found = read_messages(streams, framing, frames, cuts)
    assert found == framing_oracle(data, 17)
    assert found[: len(messages)] == messages


@given(data=st.binary(max_size=60), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_any_bytes_are_cut_as_the_twin_cuts_them(data: bytes, sizes: list[int]) -> None:
    frames, at = [segment(b"", 0, SYN)], 0
    while at < len(data):
        size = sizes[len(frames) % len(sizes)]
        frames.append(segment(data[at : at + size], 1 + at))
        at += size
    framing = LengthPrefix(TcpStreams.lanes, 3)
    framing._buffers = framing._buffers[:4].copy()
    framing._buffer_lane = framing._buffer_lane[:4].copy()
    with both_ways(length_prefix):
        found = read_messages(TcpStreams(), framing, frames)
    assert found == framing_oracle(data, 3)


def test_a_length_too_short_for_a_message_ends_its_side_and_is_counted() -> None:
    framing = LengthPrefix(TcpStreams.lanes, 17)
    good = framed([bytes(20)])
    data = good + b"\0\1" + bytes(20) + good
    assert read_messages(TcpStreams(), framing, [segment(data, 1)]) == [bytes(20)]
    assert framing.counters()["tcp_lanes_malformed"] == 1


def test_more_partial_messages_than_buffers_give_up_the_oldest_and_are_counted() -> None:
    streams, framing = TcpStreams(), LengthPrefix(TcpStreams.lanes, 17)
    whole = framed([bytes(30)])
    ports = range(1000, 1300)
    read_messages(streams, framing, [segment(whole[:20], 1, port=port) for port in ports])
    found = read_messages(streams, framing, [segment(whole[20:], 21, port=port) for port in ports])
    assert len(found) == 256
    assert framing.counters()["tcp_partial_messages_dropped"] == 300 - 256
