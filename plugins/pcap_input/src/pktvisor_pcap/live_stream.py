"""The input `pcap` on an interface: packets in small delays, decoded."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pktvisor.batches import Hosts, PacketBatch, decode
from pktvisor.streams import CaptureStatistics, InputStream, StreamContext
from pktvisor_pcap.capture_source import BLOCK_MS, CaptureSource
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.interfaces import ANY, Interface, choose, host_prefixes, interfaces
from pktvisor_pcap.mock_source import INTERVAL_S, MockSource

__all__ = ["LiveStream", "MockStream"]

IDLE_S = 0.1
_FLUSH_S = 0.05  # on top of the time a packet waits in a block


class LiveStream(InputStream):
    """Packets of an interface, or of `any`.

    `iface` is the interface's name, whatever the tap called it.
    """

    recorded = False

    def __init__(self, config: PcapConfig, context: StreamContext) -> None:
        """Open the capture. Raises ValueError with what is wrong."""
        available = interfaces()
        self.iface = choose(config.iface, available, _listed())
        self._config = config
        self._decapsulate = config.decapsulate
        self._hosts = _hosts(config, context, host_prefixes(self.iface, available))
        self._problem: str | None = None
        self._stopped = threading.Event()
        self._source = _open(self.iface, config, available)

    def batches(self) -> Iterator[PacketBatch | None]:
        """Yield what came in within 100 ms; None if that is nothing."""
        source = self._source
        poller = select.poll()
        poller.register(source.fileno(), select.POLLIN)
        since = 0.0
        while not self._stopped.is_set():
            before = source.pending
            full = source.gather()
            if source.pending and not before:
                since = time.monotonic()
            wait_s = IDLE_S if not source.pending else since + _FLUSH_S - time.monotonic()
            if full or wait_s <= 0:
                yield decode(source.take(), self._hosts, decapsulate=self._decapsulate)
                continue
            events = poller.poll(wait_s * 1000)
            if any(event & (select.POLLERR | select.POLLNVAL) for _, event in events):
                if not self._still_there():
                    break
            elif not events and not source.pending:
                yield None
        self._wait_for_the_last_block()
        while source.gather() or source.pending:
            yield decode(source.take(), self._hosts, decapsulate=self._decapsulate)

    def statistics(self) -> CaptureStatistics:
        """What the kernel has counted."""
        ended = self._stopped.is_set() or self._problem is not None
        return self._source.statistics(final=ended)

    @property
    def problem(self) -> str | None:
        """Why the capture ended by itself."""
        return self._problem

    def info(self) -> Mapping[str, Any]:
        """Interfaces there are, the hosts that decide directions, and the source."""
        return _info(self._hosts, self._config.pcap_source)

    def resolved(self) -> Mapping[str, Any]:
        """The interface that `auto` is."""
        return {"iface": self.iface} if self._config.iface == "auto" else {}

    def stop(self) -> None:
        """End the iteration."""
        self._stopped.set()

    def close(self) -> None:
        """Close the capture."""
        self._source.close()

    def _wait_for_the_last_block(self) -> None:
        """What came before the end counts: the kernel hands over the last block when it is due."""
        if self._problem is None:
            time.sleep(1.5 * BLOCK_MS / 1000)

    def _still_there(self) -> bool:
        """Read the socket's error, which an interface that goes down leaves behind."""
        with socket.socket(fileno=os.dup(self._source.fileno())) as handle:
            handle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if self.iface == ANY or self.iface in (name for _, name in socket.if_nameindex()):
            return True
        self._problem = f"interface {self.iface} went away"
        return False


class MockStream(InputStream):
    """Made-up packets, for tries without an interface."""

    recorded = False
    iface = ""

    def __init__(self, config: PcapConfig, context: StreamContext) -> None:
        self._hosts = _hosts(config, context, "")
        self._source = MockSource()
        self._stopped = threading.Event()

    def batches(self) -> Iterator[PacketBatch]:
        """Yield a packet every 100 ms."""
        while not self._stopped.wait(INTERVAL_S):
            yield decode(self._source.packet(), self._hosts)

    def info(self) -> Mapping[str, Any]:
        """As for an interface."""
        return _info(self._hosts, "mock")

    def stop(self) -> None:
        """End the iteration."""
        self._stopped.set()


def _open(name: str, config: PcapConfig, available: list[Interface]) -> CaptureSource:
    if config.pcap_source == "af_packet":
        if not hasattr(socket, "AF_PACKET"):
            raise ValueError("pcap_source: af_packet works on Linux only; use libpcap")
        from pktvisor_pcap.ring_source import RingSource

        return RingSource(name, config, available)
    from pktvisor_pcap.libpcap_source import LibpcapSource

    return LibpcapSource(name, config, available)


def _hosts(config: PcapConfig, context: StreamContext, found: str) -> Hosts:
    """A host spec replaces what was found; hosts given to the whole agent add to it."""
    if config.host_spec:
        return Hosts.parse(config.host_spec)
    prefixes = (*context.hosts.prefixes, *Hosts.parse(found).prefixes)
    return Hosts(tuple(dict.fromkeys(prefixes)))


def _listed() -> list[str]:
    import pcapy

    return list(pcapy.findalldevs())


def _info(hosts: Hosts, source: str) -> Mapping[str, Any]:
    by_version: dict[str, list[str]] = {}
    for prefix in hosts.prefixes:
        by_version.setdefault(f"ipv{prefix.version}", []).append(str(prefix))
    return {
        "available_iface": ",".join(_listed()),
        "host_ips": by_version,
        "pcap_source": source,
    }
