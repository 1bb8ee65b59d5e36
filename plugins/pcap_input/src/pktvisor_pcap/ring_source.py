"""Capture with a memory-mapped AF_PACKET ring (TPACKET_V3), without libpcap on the data path.

Gives what libpcap's batches lack: wire lengths, nanoseconds and the number of the interface.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import struct

import numpy as np

from pktvisor.batches import Array, Records
from pktvisor.streams import CaptureStatistics
from pktvisor_pcap import socket_filter
from pktvisor_pcap._kernels import packet_ring as kernel
from pktvisor_pcap.capture_source import (
    BATCH_BYTES,
    BATCH_ROWS,
    BLOCK_MS,
    CaptureSource,
    InterfaceDrops,
    no_permission,
)
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.interfaces import ANY, ARPHRD_ETHER, ARPHRD_LOOPBACK, Interface
from pktvisor_pcap.libpcap_source import link_type_of, open_handle, set_filter

__all__ = ["RingSource"]

# linux/if_packet.h
_SOL_PACKET = 263
_ADD_MEMBERSHIP, _RX_RING, _STATISTICS, _VERSION = 1, 5, 6, 10
_TPACKET_V3, _MR_PROMISC = 2, 1
_ETH_P_ALL = 3

_BLOCK = 1 << 20  # holds the largest frame; a power of two of pages
_FRAME = 2048  # V3 packs frames closely, but wants this number to divide the block

_ETHERNET, _RAW_IP, _COOKED = 1, 101, 113
# Interfaces without a link header: none (tun), tunnel, tunnel6, sit, IP over GRE, raw IP.
_ARPHRD = {ARPHRD_ETHER: _ETHERNET, ARPHRD_LOOPBACK: _ETHERNET} | dict.fromkeys(
    (65534, 768, 769, 776, 778, 519), _RAW_IP
)


class RingSource(CaptureSource):
    """Packets of one interface, or of `any`, through a ring of our own.

    Link headers of types other than Ethernet and raw IP, and all of `any`, are replaced by Linux
    cooked headers, as libpcap does.
    """

    _memory: mmap.mmap | None = None
    _ring: Array
    _halves: Array
    _words: Array

    def __init__(self, name: str, config: PcapConfig, available: list[Interface]) -> None:
        """Open the capture. Raises ValueError with what is wrong."""
        self._name = name
        chosen = next((i for i in available if i.name == name), None)
        if chosen is None and name != ANY:
            raise ValueError(f"iface: {name} cannot be opened by af_packet; use libpcap")
        self._link_type = _ARPHRD.get(chosen.hardware, _COOKED) if chosen else _COOKED
        program = socket_filter.for_interface(self._program(config), name, available)
        kind = socket.SOCK_DGRAM if self._link_type == _COOKED else socket.SOCK_RAW
        try:
            # Protocol 0: nothing comes in before the filter is there and the interface is bound.
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except PermissionError:
            raise ValueError(no_permission(name)) from None
        try:
            self._map(config.ring_bytes)
            socket_filter.attach(self._socket.fileno(), program)
            if config.promiscuous and chosen is not None:
                member = struct.pack("=iHH8s", chosen.index, _MR_PROMISC, 0, b"")
                self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, member)
            self._bind(0 if chosen is None else chosen.index)
        except OSError as error:
            self.close()
            raise ValueError(f"iface: {name} cannot be opened: {error.strerror}") from None
        self._received = self._dropped = 0
        self._interface_drops = InterfaceDrops(None if name == ANY else name)
        self._new_batch()

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def gather(self) -> bool:
        """Take what there is; True when a batch is full."""
        kernel.drain(
            self._ring, self._halves, self._words, _BLOCK, len(self._ring) // _BLOCK,
            self._link_type == _COOKED, self._arena, *self._columns, self._state,
        )  # fmt: skip
        return bool(self._state[6])

    @property
    def pending(self) -> int:
        """Packets gathered and not taken yet."""
        return int(self._state[3])

    def take(self) -> Records:
        """What was gathered; a batch that leaves most of its memory empty is moved to less."""
        rows, used = int(self._state[3]), int(self._state[4])
        arena, columns = self._arena, self._columns
        if 2 * used < len(arena):
            arena = arena[:used].copy()
            columns = tuple(column[:rows].copy() for column in columns)
            self._state[3] = self._state[4] = 0
        else:
            columns = tuple(column[:rows] for column in columns)
            self._new_batch()
        times, captured, wire, offset, interface = columns
        link_type = np.full(rows, self._link_type, np.uint16)
        return Records(arena, times, captured, wire, offset, link_type, interface)

    def statistics(self, *, final: bool = False) -> CaptureStatistics:
        """What the kernel has counted; its counts include the drops and restart when read."""
        received, dropped, _ = struct.unpack(
            "=III", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12)
        )
        self._received += received
        self._dropped += dropped
        lost = self._interface_drops.count(fresh=final)
        return CaptureStatistics(self._received, self._dropped, lost)

    def close(self) -> None:
        """Let go of the ring and the socket."""
        self._ring = self._halves = self._words = np.zeros(0, np.uint8)
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self._socket.close()

    def _program(self, config: PcapConfig) -> tuple[socket_filter.Instruction, ...]:
        """The filter as libpcap would give it to the kernel: VLAN tags and cooked headers heeded."""
        if not config.bpf:
            return socket_filter.accept_all(config.snaplen)
        handle = open_handle(self._name, config)
        try:
            if link_type_of(handle) != self._link_type:
                raise ValueError(
                    f"filter {config.bpf!r}: on {self._name} filters work with libpcap only"
                )
            set_filter(handle, config.bpf)
            program = socket_filter.attached(handle.getfd())
        finally:
            handle.close()
        if program in ((), socket_filter.REJECT_ALL):
            raise ValueError(
                f"filter {config.bpf!r}: it cannot run in the kernel; use libpcap as pcap_source"
            )
        return program

    def _map(self, size: int) -> None:
        blocks = max(size // _BLOCK, 2)
        handle = self._socket
        handle.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
        request = struct.pack(
            "=7I", _BLOCK, blocks, _FRAME, blocks * (_BLOCK // _FRAME), BLOCK_MS, 0, 0
        )
        handle.setsockopt(_SOL_PACKET, _RX_RING, request)
        self._memory = mmap.mmap(handle.fileno(), blocks * _BLOCK)
        self._ring = np.frombuffer(self._memory, np.uint8)
        self._halves = self._ring.view(np.uint16)
        self._words = self._ring.view(np.uint32)
        self._state = np.array([0, -1, 0, 0, 0, 0, 0], np.int64)

    def _bind(self, index: int) -> None:
        address = struct.pack(
            "=HHiHBB8s", socket.AF_PACKET, socket.htons(_ETH_P_ALL), index, 0, 0, 0, b""
        )
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.bind(self._socket.fileno(), address, len(address)):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == errno.ENETDOWN:
            raise OSError(code, "it is not up")

    def _new_batch(self) -> None:
        self._arena = np.empty(BATCH_BYTES, np.uint8)
        self._columns: tuple[Array, ...] = (
            np.empty(BATCH_ROWS, np.int64),
            np.empty(BATCH_ROWS, np.uint32),
            np.empty(BATCH_ROWS, np.uint32),
            np.empty(BATCH_ROWS, np.int64),
            np.empty(BATCH_ROWS, np.uint16),
        )
        self._state[3] = self._state[4] = 0
