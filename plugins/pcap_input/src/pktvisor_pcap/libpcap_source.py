"""Capture with libpcap, by way of pcapy-ng.

The handle is nonblocking and polled from outside: a blocking read on an idle interface never
returns, and no signal handler runs meanwhile. Packets come in batches with offsets and captured
lengths; wire lengths are not told, so a packet that fills the snaplen is taken for one byte longer
than captured, which marks it as cut.
"""

from __future__ import annotations

import time

import numpy as np
import pcapy

from pktvisor.batches import Array, Records
from pktvisor.streams import CaptureStatistics
from pktvisor_pcap import socket_filter
from pktvisor_pcap.capture_source import (
    BATCH_BYTES,
    BATCH_ROWS,
    BLOCK_MS,
    CaptureSource,
    InterfaceDrops,
    no_permission,
)
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.interfaces import ANY, Interface

__all__ = ["LibpcapSource", "link_type_of", "open_handle"]

# pcap_activate() returns these instead of raising (pcap/pcap.h).
_NO_SUCH_DEVICE, _PERMISSION_DENIED, _NOT_UP, _PROMISC_DENIED = -5, -8, -9, -11
_LINKTYPE = {12: 101}  # DLT_ numbers that have another LINKTYPE_ number


class LibpcapSource(CaptureSource):
    """Packets of one interface, or of `any`, through libpcap."""

    def __init__(self, name: str, config: PcapConfig, available: list[Interface]) -> None:
        """Open the capture. Raises ValueError with what is wrong."""
        self._name = name
        self._snaplen = config.snaplen
        self._handle = open_handle(name, config)
        self._fd: int = self._handle.getfd()
        self._link_type = link_type_of(self._handle)
        self._parts: list[bytes] = []
        self._meta: list[Array] = []
        self._rows = 0
        self._bytes = 0
        self._received = self._dropped = 0
        self._filter(config, available)
        self._last = self._handle.stats()[:2]
        self._interface_drops = InterfaceDrops(None if name == ANY else name)

    def fileno(self) -> int:
        """The capture's descriptor."""
        return self._fd

    def gather(self) -> bool:
        """Take what there is; True when a batch is full."""
        while self._rows < BATCH_ROWS and self._bytes < BATCH_BYTES:
            data, packed = self._handle.next_batch(BATCH_ROWS - self._rows)
            if not packed:
                return False
            meta = np.frombuffer(packed, np.uint32).reshape(-1, 4)
            self._parts.append(data)
            self._meta.append(meta)
            self._rows += len(meta)
            self._bytes += len(data)
        return True

    @property
    def pending(self) -> int:
        """Packets gathered and not taken yet."""
        return self._rows

    def take(self) -> Records:
        """What was gathered."""
        parts, metas, rows = self._parts, self._meta, self._rows
        self._parts, self._meta, self._rows, self._bytes = [], [], 0, 0
        starts = np.cumsum([0, *(len(part) for part in parts)])
        meta = metas[0] if len(metas) == 1 else np.concatenate(metas)
        offset = np.concatenate(
            [
                part[:, 2].astype(np.int64) + start
                for part, start in zip(metas, starts, strict=False)
            ]
        )
        arena = np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8)
        captured = np.ascontiguousarray(meta[:, 3])
        seconds = meta[:, 0].astype(np.int64)
        return Records(
            arena,
            seconds * 1_000_000_000 + meta[:, 1].astype(np.int64) * 1000,
            captured,
            captured + (captured >= self._snaplen).astype(np.uint32),
            offset,
            np.full(rows, self._link_type, np.uint16),
            np.zeros(rows, np.uint16),
        )

    def statistics(self, *, final: bool = False) -> CaptureStatistics:
        """What the kernel has counted; libpcap's own counts are 32 bits wide and wrap."""
        last, self._last = self._last, self._handle.stats()[:2]
        self._received += (self._last[0] - last[0]) & 0xFFFFFFFF
        self._dropped += (self._last[1] - last[1]) & 0xFFFFFFFF
        lost = self._interface_drops.count(fresh=final)
        return CaptureStatistics(self._received, self._dropped, lost)

    def close(self) -> None:
        """Close the capture."""
        self._handle.close()

    def _filter(self, config: PcapConfig, available: list[Interface]) -> None:
        """Set the filter so that from here on the kernel counts exactly what it hands over."""
        socket_filter.attach(self._fd, socket_filter.REJECT_ALL)
        program = socket_filter.accept_all(config.snaplen)
        if config.bpf:
            set_filter(self._handle, config.bpf)
            program = socket_filter.attached(self._fd)
            if program in ((), socket_filter.REJECT_ALL):
                return  # too long for the kernel: libpcap filters what it hands over
            socket_filter.attach(self._fd, socket_filter.REJECT_ALL)
        deadline = time.monotonic() + 2.5 * BLOCK_MS / 1000
        while time.monotonic() < deadline:  # empty the ring of what came before the filter
            while self._handle.next_batch(BATCH_ROWS)[1]:
                pass
            time.sleep(BLOCK_MS / 2000)
        socket_filter.attach(self._fd, socket_filter.for_interface(program, self._name, available))


def open_handle(name: str, config: PcapConfig) -> pcapy.Reader:
    """A libpcap handle, capturing without a filter. Raises ValueError with what is wrong."""
    try:
        handle = pcapy.create(name)
        handle.set_snaplen(config.snaplen)
        handle.set_promisc(config.promiscuous and name != ANY)
        handle.set_timeout(BLOCK_MS)
        handle.set_buffer_size(config.ring_bytes)
        code = handle.activate()
    except pcapy.PcapError as error:
        raise ValueError(f"iface: {name} cannot be opened: {error}") from None
    if code < 0:
        handle.close()
        if code in (_PERMISSION_DENIED, _PROMISC_DENIED):
            raise ValueError(no_permission(name))
        reason = {
            _NO_SUCH_DEVICE: "there is no such interface",
            _NOT_UP: "it is not up",
        }.get(code, f"libpcap says {code}")
        raise ValueError(f"iface: {name} cannot be opened: {reason}")
    handle.setnonblock(1)
    return handle


def set_filter(handle: pcapy.Reader, expression: str) -> None:
    """Set a filter expression. Raises ValueError with libpcap's reason."""
    try:
        handle.setfilter(expression)
    except pcapy.PcapError as error:
        raise ValueError(f"filter {expression!r}: {error}") from None


def link_type_of(handle: pcapy.Reader) -> int:
    """LINKTYPE_ number of a handle's packets."""
    kind: int = handle.datalink()
    return _LINKTYPE.get(kind, kind)
