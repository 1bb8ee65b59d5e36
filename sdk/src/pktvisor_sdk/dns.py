"""Build DNS messages (RFC 1035), with EDNS client subnet (RFC 7871) where asked."""

from __future__ import annotations

import ipaddress
import struct

__all__ = ["name_bytes", "query", "reply"]


def name_bytes(name: str | bytes) -> bytes:
    """A domain name in wire format, not compressed; dots in bytes labels cannot be escaped."""
    raw = name.encode() if isinstance(name, str) else name
    labels = [label for label in raw.split(b".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(
    name: str | bytes,
    qtype: int = 1,
    *,
    identifier: int = 1,
    flags: int = 0x0100,
    client_subnet: str | None = None,
) -> bytes:
    """A query for one name; `client_subnet` such as `192.0.2.0/24` adds an OPT record."""
    additional = b"" if client_subnet is None else _client_subnet(client_subnet)
    header = struct.pack("!6H", identifier, flags, 1, 0, 0, 1 if additional else 0)
    return header + name_bytes(name) + struct.pack("!HH", qtype, 1) + additional


def reply(
    question: bytes, *, rcode: int = 0, answers: int = 1, flags: int = 0x8180, size: int = 4
) -> bytes:
    """A reply to a query made by `query`: its question, and answers of `size` bytes of data."""
    identifier, _, _, _, _, _ = struct.unpack_from("!6H", question)
    end = 12
    while question[end]:
        end += 1 + question[end]
    qtype = question[end + 1 : end + 3]
    record = b"\xc0\x0c" + qtype + b"\0\x01" + struct.pack("!IH", 60, size) + bytes(size)
    header = struct.pack("!6H", identifier, flags | rcode, 1, answers, 0, 0)
    return header + question[12 : end + 5] + answers * record


def _client_subnet(subnet: str) -> bytes:
    network = ipaddress.ip_network(subnet)
    address = network.network_address.packed[: (network.prefixlen + 7) // 8]
    family = 1 if network.version == 4 else 2
    option = struct.pack("!HHHBB", 8, 4 + len(address), family, network.prefixlen, 0) + address
    return b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
