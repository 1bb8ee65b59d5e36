"""Read a TLS ClientHello (RFC 8446 §4.1.2): its server name, and a fingerprint of its client.

The fingerprint is the MD5 of version, ciphers, extensions, groups and point formats as decimal
numbers, the reserved values of RFC 8701 left out, as JA3 defines it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Hello", "read_hello"]

_SERVER_NAME, _GROUPS, _FORMATS = 0, 10, 11


@dataclass(frozen=True)
class Hello:
    """What a ClientHello says; `server_name` is empty when it names none."""

    server_name: str
    fingerprint: str


class _Reader:
    """Bytes read front to back; every read is checked against the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise ValueError("the message ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def vector(self, size: int) -> _Reader:
        return _Reader(self.take(self.number(size)))


def read_hello(payload: bytes) -> Hello:
    """Read the first TLS record of a TCP payload. Raises ValueError when it is no whole ClientHello."""
    record = _Reader(payload)
    if record.number(1) != 22:
        raise ValueError("not a handshake record")
    record.take(2)
    message = record.vector(2)
    if message.number(1) != 1:
        raise ValueError("not a ClientHello")
    body = message.vector(3)
    version = body.number(2)
    body.take(32)
    body.vector(1)
    ciphers = _numbers(body.vector(2))
    body.vector(1)
    name = ""
    kinds: list[int] = []
    groups: list[int] = []
    formats: list[int] = []
    extensions = body.vector(2) if body else _Reader(b"")
    while extensions:
        kind, content = extensions.number(2), extensions.vector(2)
        kinds.append(kind)
        if kind == _SERVER_NAME and content:
            name = _host_name(content.vector(2)) or name
        elif kind == _GROUPS:
            groups = _numbers(content.vector(2))
        elif kind == _FORMATS:
            formats = list(content.vector(1)._data)
    parts = [[version], ciphers, _real(kinds), groups, formats]
    text = ",".join("-".join(map(str, part)) for part in parts)
    return Hello(name, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def _numbers(vector: _Reader) -> list[int]:
    found = []
    while vector:
        found.append(vector.number(2))
    return _real(found)


def _real(numbers: list[int]) -> list[int]:
    """Without the values that are there only to keep servers honest."""
    return [n for n in numbers if n & 0x0F0F != 0x0A0A or n >> 8 != n & 0xFF]


def _host_name(names: _Reader) -> str:
    while names:
        kind, content = names.number(1), names.vector(2)
        if kind == 0:
            return content._data.decode("ascii", "backslashreplace").lower()
    return ""
