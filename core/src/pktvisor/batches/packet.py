"""One packet as an object: the slow, comfortable door for low-rate traffic and first drafts."""

from __future__ import annotations

import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pktvisor.batches.packets import PacketBatch

__all__ = ["Packet"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DIRECTIONS = ("unknown", "in", "out")
_ETHERNET, _COOKED = 1, 113


class Packet:
    """A row of a batch; it reads the columns when asked and may not outlive `update`."""

    def __init__(self, batch: PacketBatch, row: int) -> None:
        """Raises IndexError for a row the batch does not have."""
        if not 0 <= row < len(batch):
            raise IndexError(f"row {row}; the batch has {len(batch)}")
        self._batch = batch
        self.row = row

    def _number(self, column: str) -> int:
        return int(self._batch.column(column)[self.row])

    @property
    def timestamp_ns(self) -> int:
        """Capture time in ns since 1970-01-01 UTC."""
        return self._number("timestamp_ns")

    @property
    def captured_length(self) -> int:
        """Bytes that were captured."""
        return self._number("captured_length")

    @property
    def wire_length(self) -> int:
        """Bytes on the wire."""
        return self._number("wire_length")

    @property
    def direction(self) -> str:
        """`in`, `out` or `unknown`."""
        return _DIRECTIONS[self._number("direction")]

    @property
    def ip_version(self) -> int:
        """4, 6, or 0 without IP."""
        return self._number("ip_version")

    @property
    def ip_protocol(self) -> int:
        """The IANA protocol number after IPv6 extension headers."""
        return self._number("ip_protocol")

    @property
    def source(self) -> Address | None:
        """The source address, None without IP."""
        return self._address("source")

    @property
    def destination(self) -> Address | None:
        """The destination address, None without IP."""
        return self._address("destination")

    @property
    def source_port(self) -> int:
        """The UDP or TCP source port, else 0."""
        return self._number("source_port")

    @property
    def destination_port(self) -> int:
        """The UDP or TCP destination port, else 0."""
        return self._number("destination_port")

    @property
    def tcp_flags(self) -> int:
        """TCP flags, FIN in bit 0."""
        return self._number("tcp_flags")

    @property
    def vlan(self) -> int:
        """The outer VLAN identifier, 0 without a tag."""
        return self._number("vlan")

    @cached_property
    def frame(self) -> bytes:
        """The captured bytes."""
        start = self._number("frame_offset")
        return self._batch.arena[start : start + self.captured_length].tobytes()

    @cached_property
    def payload(self) -> bytes:
        """What the last decoded header carries."""
        start = self._number("payload_offset")
        if start < 0:
            return b""
        return self._batch.arena[start : start + self._number("payload_length")].tobytes()

    @cached_property
    def decoded(self) -> Any:
        """The frame through impacket's decoders, layer by layer (`.child()`).

        Raises ImportError naming the extra when impacket is not installed, and ValueError for a
        link type impacket does not know or bytes it cannot read.
        """
        try:
            from impacket import ImpactDecoder
        except ImportError:
            raise ImportError(
                "deep decoding needs an extra: pip install 'pktvisor-core[decode]'"
            ) from None
        link_type = self._number("link_type")
        if link_type == _ETHERNET:
            decoder: Any = ImpactDecoder.EthDecoder()
        elif link_type == _COOKED:
            decoder = ImpactDecoder.LinuxSLLDecoder()
        else:
            raise ValueError(
                f"link type {link_type} has no deep decoder; allowed are 1 (Ethernet), 113 (cooked)"
            )
        try:
            return decoder.decode(self.frame)
        except Exception as error:
            raise ValueError(f"impacket cannot read this frame: {error}") from None

    def _address(self, end: str) -> Address | None:
        version = self.ip_version
        if version == 4:
            return ipaddress.IPv4Address(self._number(f"{end}_lo") & 0xFFFFFFFF)
        if version == 6:
            high, low = self._number(f"{end}_hi"), self._number(f"{end}_lo")
            return ipaddress.IPv6Address(high << 64 | low)
        return None
