"""Build MaxMind DB files (format version 2.0) to test lookups with."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["asn_record", "city_record", "database_bytes"]


def city_record(
    country: str, city: str, latitude: float = 1.0, longitude: float = 2.0
) -> dict[str, Any]:
    """A record of a City database."""
    return {
        "continent": {"code": "EU"},
        "country": {"names": {"en": country}},
        "city": {"names": {"en": city}},
        "location": {"latitude": latitude, "longitude": longitude},
    }


def asn_record(number: int, organisation: str) -> dict[str, Any]:
    """A record of an ASN database."""
    return {
        "autonomous_system_number": number,
        "autonomous_system_organization": organisation,
    }


def database_bytes(
    prefixes: Mapping[str, dict[str, Any]] | Iterable[tuple[str, dict[str, Any]]],
    database_type: str = "GeoLite2-City",
    record_size: int = 32,
) -> bytes:
    """A database file that says `prefixes[p]` of each prefix; later ones win inside earlier ones.

    Equal records are written once. The tree is one of IPv6, with IPv4 at ::/96, in records of 24,
    28 or 32 bits.
    """
    items = prefixes.items() if isinstance(prefixes, Mapping) else prefixes
    tree: list[list[int]] = [[at + 1, -1] for at in range(96)] + [[-1, -1]]  # down to ::/96
    data, places = bytearray(), dict[bytes, int]()
    for text, record in items:
        encoded = _encode(record)
        place = places.get(encoded)
        if place is None:
            place = places[encoded] = len(data)
            data += encoded
        network = ipaddress.ip_network(text)
        bits = int(network.network_address) << (128 - network.max_prefixlen)
        root = 96 if network.version == 4 else 0
        _insert(tree, root, bits, network.prefixlen, -2 - place)
    nodes = len(tree)
    pairs = [
        [nodes if at == -1 else nodes + 16 + (-2 - at) if at < 0 else at for at in node]
        for node in tree
    ]
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "database_type": database_type,
        "description": {"en": "for tests"},
        "ip_version": 6,
        "languages": ["en"],
        "node_count": nodes,
        "record_size": record_size,
    }
    written = b"".join(_node(left, right, record_size) for left, right in pairs)
    body = written + bytes(16) + bytes(data)
    return body + b"\xab\xcd\xefMaxMind.com" + _encode(metadata)


def _node(left: int, right: int, record_size: int) -> bytes:
    """Both records; of 28 bits, the byte in the middle holds the upper four bits of each."""
    if record_size == 28:
        middle = left >> 24 << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3) + bytes([middle]) + (right & 0xFFFFFF).to_bytes(3)
    return left.to_bytes(record_size // 8) + right.to_bytes(record_size // 8)


def _insert(tree: list[list[int]], at: int, bits: int, length: int, leaf: int) -> None:
    for depth in range(length - 1):
        side = bits >> (127 - depth) & 1
        if tree[at][side] < 0:
            tree.append([tree[at][side]] * 2)
            tree[at][side] = len(tree) - 1
        at = tree[at][side]
    tree[at][bits >> (128 - length) & 1] = leaf


def _control(kind: int, size: int) -> bytes:
    short, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return (bytes([kind << 5 | short]) if kind < 8 else bytes([short, kind - 7])) + rest


def _encode(value: Any) -> bytes:
    if isinstance(value, dict):
        inside = b"".join(_encode(key) + _encode(item) for key, item in value.items())
        return _control(7, len(value)) + inside
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encode, value))
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _control(3, 8) + struct.pack("!d", value)
    return _control(6, 4) + struct.pack("!I", value)
