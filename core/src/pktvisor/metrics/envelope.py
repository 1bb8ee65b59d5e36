"""What a bucket travels in: a version, a digest, and MessagePack.

    "PKTV"   4 bytes
    version  1 byte, 1
    digest   16 bytes, BLAKE2b (RFC 7693) of what follows, keyed when both sides have a key
    values   MessagePack: the period, the metric groups, and what each state dumps

Without a key the digest finds bytes that were damaged, not bytes made to harm: the sketches inside
are read by a library that trusts them. From anybody else than yourself, take only keyed ones.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

__all__ = ["VERSION", "seal", "unseal"]

VERSION = 1

_MAGIC = b"PKTV"
_DIGEST = 16
_HEAD = len(_MAGIC) + 1 + _DIGEST
_LONGEST_KEY = 64


def seal(values: Any, key: bytes) -> bytes:
    """Values in an envelope; without a key when it is empty. ValueError for one above 64 bytes."""
    from msgspec import msgpack

    payload = msgpack.encode(values)
    return _MAGIC + bytes([VERSION]) + _digest(payload, key) + payload


def unseal(data: bytes, key: bytes) -> Any:
    """The values in an envelope; ValueError when it is none, was changed, or has another key."""
    from msgspec import DecodeError, msgpack

    if len(data) < _HEAD or data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("not a bucket's envelope")
    if data[len(_MAGIC)] != VERSION:
        raise ValueError(f"an envelope of version {data[len(_MAGIC)]}; known is {VERSION}")
    digest, payload = data[_HEAD - _DIGEST : _HEAD], data[_HEAD:]
    if not hmac.compare_digest(digest, _digest(payload, key)):
        raise ValueError("an envelope that was changed on its way, or sealed with another key")
    try:
        return msgpack.decode(payload)
    except (DecodeError, RecursionError) as error:
        raise ValueError(f"broken MessagePack in an envelope: {error!s:.80}") from None


def _digest(payload: bytes, key: bytes) -> bytes:
    if len(key) > _LONGEST_KEY:
        raise ValueError(f"a key of {len(key)} bytes; allowed are {_LONGEST_KEY}")
    return hashlib.blake2b(payload, digest_size=_DIGEST, key=key).digest()
