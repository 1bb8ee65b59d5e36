"""Classic BPF programs on a packet socket: read what libpcap attached, attach our own.

What the socket's filter rejects the kernel does not count, so the filter is the place to leave out
what must not be counted twice: on the loopback every packet passes the socket as sent and as
received.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Sequence

from pktvisor_pcap.interfaces import ANY, Interface

__all__ = ["REJECT_ALL", "Instruction", "accept_all", "attach", "attached", "for_interface"]

Instruction = tuple[int, int, int, int]

REJECT_ALL: tuple[Instruction, ...] = ((0x06, 0, 0, 0),)

_SO_ATTACH_FILTER = _SO_GET_FILTER = 26
_MOST = 4096  # instructions the kernel takes
_INSTRUCTION = struct.Struct("=HBBI")

_LOAD_BYTE, _LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x30, 0x20, 0x15, 0x06
# Ancillary data a filter may load (linux/filter.h: SKF_AD_OFF, SKF_AD_PKTTYPE, SKF_AD_IFINDEX).
_PACKET_TYPE, _INTERFACE = 0xFFFFF004, 0xFFFFF008
_PACKET_OUTGOING = 4


def accept_all(snaplen: int) -> tuple[Instruction, ...]:
    """The program that lets everything pass, `snaplen` bytes of each packet."""
    return ((_RETURN, 0, 0, snaplen),)


def for_interface(
    program: Sequence[Instruction], name: str, available: Sequence[Interface]
) -> tuple[Instruction, ...]:
    """The program with a test in front that rejects packets as the loopback sends them.

    `name` is the interface the socket is bound to, or `any`; elsewhere the program stays as it is.
    """
    loopback = next((i for i in available if i.loopback and name in (ANY, i.name)), None)
    if loopback is None:
        return tuple(program)
    test: tuple[Instruction, ...] = (
        (_LOAD_BYTE, 0, 0, _PACKET_TYPE),
        (_JUMP_IF_EQUAL, 0, 3, _PACKET_OUTGOING),
        (_LOAD_WORD, 0, 0, _INTERFACE),
        (_JUMP_IF_EQUAL, 0, 1, loopback.index),
    )
    return (*test, *REJECT_ALL, *program)


def attached(descriptor: int) -> tuple[Instruction, ...]:
    """The program on a socket; empty when there is none."""
    # The length this option returns is in instructions, which Python's getsockopt takes for bytes.
    data = ctypes.create_string_buffer(_MOST * _INSTRUCTION.size)
    count = ctypes.c_uint(_MOST)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.getsockopt(descriptor, socket.SOL_SOCKET, _SO_GET_FILTER, data, ctypes.byref(count)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return tuple(_INSTRUCTION.iter_unpack(data.raw[: count.value * _INSTRUCTION.size]))


def attach(descriptor: int, program: Sequence[Instruction]) -> None:
    """Put a program on a socket in place of the one that is there."""
    data = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(data, len(data))
    option = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    with socket.socket(fileno=os.dup(descriptor)) as handle:
        handle.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)
