"""The machine's network interfaces and their addresses, asked of the kernel by rtnetlink (RFC 3549)."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = ["ANY", "Interface", "choose", "host_prefixes", "interfaces"]

ANY = "any"

IFF_UP, IFF_LOOPBACK = 0x1, 0x8
ARPHRD_ETHER, ARPHRD_LOOPBACK = 1, 772

Prefix = ipaddress.IPv4Interface | ipaddress.IPv6Interface

_RTM_NEWLINK, _RTM_GETLINK, _RTM_NEWADDR, _RTM_GETADDR = 16, 18, 20, 22
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_IFLA_IFNAME, _IFLA_STATS64 = 3, 23
_IFA_ADDRESS, _IFA_LOCAL = 1, 2


@dataclass(frozen=True)
class Interface:
    """One interface; `hardware` is its ARPHRD_ number, `packets` those received and sent so far."""

    index: int
    name: str
    flags: int
    hardware: int
    packets: int = 0
    addresses: tuple[Prefix, ...] = ()

    @property
    def up(self) -> bool:
        """Whether it is switched on."""
        return bool(self.flags & IFF_UP)

    @property
    def loopback(self) -> bool:
        """Whether what it sends comes back to the machine itself."""
        return bool(self.flags & IFF_LOOPBACK)


def interfaces() -> list[Interface]:
    """All interfaces, by index."""
    found: dict[int, Interface] = {}
    for body in _dump(_RTM_GETLINK, _RTM_NEWLINK):
        _, hardware, index, flags, _ = struct.unpack_from("=BxHiII", body)
        options = dict(_attributes(body[16:]))
        name = options.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(errors="replace")
        counts = options.get(_IFLA_STATS64, bytes(16))
        packets = sum(struct.unpack_from("=QQ", counts))
        found[index] = Interface(index, name, flags, hardware, packets)
    for body in _dump(_RTM_GETADDR, _RTM_NEWADDR):
        family, length, _, _, index = struct.unpack_from("=BBBBI", body)
        options = dict(_attributes(body[8:]))
        # IFA_ADDRESS of a point-to-point link is its peer's.
        raw = options.get(_IFA_LOCAL, options.get(_IFA_ADDRESS, b""))
        if index in found and family in (socket.AF_INET, socket.AF_INET6):
            address = ipaddress.ip_interface((raw, length))
            old = found[index]
            found[index] = replace(old, addresses=(*old.addresses, address))
    return [found[index] for index in sorted(found)]


def choose(wanted: str, available: Sequence[Interface], listed: Sequence[str]) -> str:
    """The name of the interface a tap means; `listed` are the names captures can be opened on.

    ValueError says what is not there, and for a name what is.
    """
    if wanted == ANY:
        return ANY
    if wanted == "auto":
        usable = [i for i in available if i.up and not i.loopback]
        if not usable:
            raise ValueError("iface: auto found no interface that is up, except the loopback")
        return max(usable, key=lambda interface: interface.packets).name
    try:
        address = ipaddress.ip_address(wanted)
    except ValueError:
        if wanted in listed or any(wanted == interface.name for interface in available):
            return wanted
        raise ValueError(
            f"iface: there is no interface {wanted!r}; available are {','.join(listed)}"
        ) from None
    for interface in available:
        if any(address == own.ip for own in interface.addresses):
            return interface.name
    raise ValueError(f"iface: no interface has the address {wanted}")


def host_prefixes(name: str, available: Sequence[Interface]) -> str:
    """A host spec of what is local to a capture.

    An interface's own addresses with their prefix lengths; on `any` the addresses of all that are
    up, each alone, because everything else is remote to the machine.
    """
    if name == ANY:
        own = [str(a.ip) for i in available if i.up for a in i.addresses]
    else:
        own = [str(a.network) for i in available if i.name == name for a in i.addresses]
    return ",".join(dict.fromkeys(own))


def _dump(request: int, answer: int) -> Iterator[bytes]:
    """The bodies of all answers to a dump request."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        body = struct.pack("=BxxxiII", 0, 0, 0, 0)
        header = struct.pack("=IHHII", 16 + len(body), request, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
        link.sendto(header + body, (0, 0))
        while True:
            data = link.recv(1 << 18)
            at = 0
            while at + 16 <= len(data):
                size, kind, _, _, _ = struct.unpack_from("=IHHII", data, at)
                if kind == _NLMSG_DONE or size < 16:
                    return
                if kind == _NLMSG_ERROR:
                    (code,) = struct.unpack_from("=i", data, at + 16)
                    raise OSError(-code, os.strerror(-code))
                if kind == answer:
                    yield data[at + 16 : at + size]
                at += (size + 3) & ~3


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            return
        yield kind & 0x3FFF, data[at + 4 : at + size]
        at += (size + 3) & ~3
