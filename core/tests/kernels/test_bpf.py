"""Classic BPF programs accept what libpcap's own filter accepts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pcapy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.kernels import BpfProgram
from pktvisor.kernels import bpf as driver
from pktvisor_sdk import frames as build
from pktvisor_sdk.captures import records
from pktvisor_sdk.kernels import both_ways

ADDRESSES = ("10.0.0.1", "192.0.2.7", "255.1.2.3")
FILTERS = (
    "",
    "ip",
    "ip6 and udp",
    "tcp port 53 or udp port 53",
    "host 10.0.0.1 and not port 80",
    "src net 192.0.2.0/24",
    "vlan 7 and ip",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "udp[8:2] > 0x4000 or udp[10] = 7",
    "ip[6:2] & 0x1fff != 0",
    "greater 60",
    "len - 14 * 2 > 30 and (ip[0] & 0xf) << 2 = 20",
    "ip proto 1 or icmp6",
    "ether[0] & 1 = 1 or ether[12:4] / 3 != 5",
    "portrange 50-100",
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames the filters tell apart, some damaged."""
    ports = st.sampled_from([7, 53, 80, 4242])
    body = draw(st.binary(max_size=20))
    if draw(st.booleans()):
        payload = build.udp(draw(ports), draw(ports), body)
        protocol = build.UDP
    else:
        flags = draw(st.integers(0, 63))
        payload = build.tcp(draw(ports), draw(ports), body, flags=flags)
        protocol = draw(st.sampled_from([build.TCP, build.ICMP]))
    ends = st.sampled_from(ADDRESSES)
    if draw(st.booleans()):
        packet = build.ipv4(
            draw(ends),
            draw(ends),
            payload,
            protocol=protocol,
            options=bytes(4 * draw(st.integers(0, 2))),
            fragment_offset=draw(st.sampled_from([0, 0, 64])),
        )
    else:
        packet = build.ipv6("2001:db8::1", "2001:db8::2", payload, next_header=protocol)
    frame = build.ethernet(packet, vlans=tuple(draw(st.lists(st.integers(6, 8), max_size=2))))
    place, change = draw(st.integers(0, 60)), draw(st.binary(max_size=2))
    return frame[:place] + change + frame[place + len(change) :]


@pytest.mark.parametrize("expression", FILTERS)
@given(chosen=st.lists(frames(), min_size=1, max_size=6))
def test_filters_accept_the_frames_libpcap_accepts(expression: str, chosen: list[bytes]) -> None:
    compiled = pcapy.compile(1, 262144, expression, 1, 0)
    with both_ways(driver):
        program = BpfProgram(compiled.get_bpf())
        accepted = program.accepts(records(chosen), np.arange(len(chosen)))
    expected = [row for row, frame in enumerate(chosen) if compiled.filter(frame)]
    assert accepted.tolist() == expected


ARITHMETIC: dict[int, Callable[[int, int], int]] = {
    0x00: lambda a, b: a + b,
    0x10: lambda a, b: a - b,
    0x20: lambda a, b: a * b,
    0x30: lambda a, b: a // b,
    0x40: lambda a, b: a | b,
    0x50: lambda a, b: a & b,
    0x60: lambda a, b: a << min(b, 64),
    0x70: lambda a, b: a >> min(b, 64),
    0x80: lambda a, b: -a,
    0x90: lambda a, b: a % b,
    0xA0: lambda a, b: a ^ b,
}


def run_oracle(program: list[tuple[int, int, int, int]], frame: bytes, wire: int) -> int:
    """Oracle for arbitrary programs: the machine of the BPF paper, one instruction at a time."""
    a = x = at = 0
    memory = [0] * 16

    def load(place: int, size: int) -> int | None:
        piece = frame[place : place + size]
        return int.from_bytes(piece, "big") if len(piece) == size else None

    while True:
        code, jump_true, jump_false, k = program[at]
        at += 1
        kind, mode = code & 7, code & 0xE0
        if kind in (0, 1):
            size = {0: 4, 8: 2, 16: 1}.get(code & 0x18, 4) if kind == 0 else 1
            value: int | None = {0x00: k, 0x80: wire}.get(mode)
            if mode == 0x60:
                value = memory[k]
            elif kind == 0 and mode == 0x20:
                value = load(k, size)
            elif kind == 0 and mode == 0x40:
                value = load(x + k, size)
            elif kind == 1 and mode == 0xA0:
                first = load(k, 1)
                value = None if first is None else (first & 15) * 4
            if value is None:
                return 0
            if kind == 0:
                a = value
            else:
                x = value
        elif kind in (2, 3):
            memory[k] = a if kind == 2 else x
        elif kind == 4:
            operand, operation = (x if code & 8 else k), code & 0xF0
            if operation in (0x30, 0x90) and not operand:
                return 0
            if operation not in ARITHMETIC:
                return 0
            a = ARITHMETIC[operation](a, operand) & 0xFFFFFFFF
        elif kind == 5:
            if code == 0x05:
                at += k
                continue
            operand, mode = (x if code & 8 else k), code & 0xF0
            hit = {0x10: a == operand, 0x20: a > operand, 0x30: a >= operand}.get(
                mode, a & operand != 0
            )
            at += jump_true if hit else jump_false
        elif kind == 6:
            return int((a if code & 0x18 == 0x10 else k) != 0)
        elif code & 0x80:
            a = x
        else:
            x = a


INSTRUCTIONS = st.tuples(
    st.integers(0, 255),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 20) | st.integers(0, 2**32 - 1),
)
RETURN = st.tuples(st.sampled_from([0x06, 0x16]), st.just(0), st.just(0), st.integers(0, 1))


@given(
    body=st.lists(INSTRUCTIONS, max_size=12),
    end=RETURN,
    frame=st.binary(max_size=40),
    snap_length=st.integers(0, 50),
)
def test_any_program_that_passes_the_check_runs_to_an_end_inside_its_frame(
    body: list[tuple[int, int, int, int]],
    end: tuple[int, int, int, int],
    frame: bytes,
    snap_length: int,
) -> None:
    """The check refuses exactly what would leave the program or its memory."""
    program = [*body, end]
    size = len(program)
    lawful = True
    for at, (code, jump_true, jump_false, k) in enumerate(program):
        kind = code & 7
        if code == 0x05:
            lawful &= at + 1 + k < size
        elif kind == 5:
            lawful &= at + 1 + max(jump_true, jump_false) < size
        if kind in (2, 3) or (kind in (0, 1) and code & 0xE0 == 0x60):
            lawful &= k < 16
    with both_ways(driver):
        if not lawful:
            with pytest.raises(ValueError, match="not a valid BPF program"):
                BpfProgram(program)
            return
        found = records([frame, b"after"], snap_length=snap_length)
        accepted = BpfProgram(program).accepts(found, np.arange(2))
    assert (0 in accepted) == run_oracle(program, frame[:snap_length], len(frame))


def test_only_the_rows_asked_for_are_filtered() -> None:
    accept_all = BpfProgram([(0x06, 0, 0, 1)])
    assert accept_all.accepts(records([b"a", b"b", b"c"]), np.array([0, 2])).tolist() == [0, 2]
