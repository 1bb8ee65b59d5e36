"""The file: map it, and find the tree and the records in it.

It is mapped, not read: a City database has 60 to 120 MB, and mapped pages belong to the system, which
takes them back when memory is short. The mapping stays with the file that was opened, so renaming
another file over it, as the usual updaters do, changes nothing here. Writing into the file in place
gives wrong names at worst; cutting it short in place ends the process (SIGBUS), as it does every
program that maps its database. Replace databases by renaming.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Container
from typing import Any, Literal, NamedTuple, Self

__all__ = ["SEPARATOR", "GeoError", "Kind", "Layout", "map_file"]

Kind = Literal["city", "asn"]

SEPARATOR = 16
"""Zero bytes between the tree and the records."""

_MARKER = b"\xab\xcd\xefMaxMind.com"
_MARKER_WITHIN = 128 * 1024  # the metadata is in the last bytes of the file
_NUMBERS: dict[str, Container[int]] = {
    "binary_format_major_version": (2,),
    "ip_version": (4, 6),
    "node_count": range(1 << 32),
    "record_size": (24, 28, 32),
}


class GeoError(ValueError):
    """A database that cannot be used; the text is one line that names the file and the reason."""


def map_file(name: str) -> mmap.mmap:
    """The bytes of a regular file, mapped private and read-only. Raises GeoError."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise GeoError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError:  # a zero byte in the name
        raise GeoError(f"{name!r}: cannot be read: not a file name") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise GeoError(f"{name}: cannot be read: not a regular file")
        if status.st_size == 0:
            raise GeoError(f"{name}: not a MaxMind DB: the file is empty")
        return mmap.mmap(descriptor, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    except OSError as error:
        raise GeoError(f"{name}: cannot be mapped: {error.strerror}") from None
    finally:
        os.close(descriptor)


class Layout(NamedTuple):
    """What the metadata of a file says, checked against its size."""

    database_type: str
    nodes: int
    record_size: int  # bits
    ip_version: int  # of the tree; 6 holds IPv4 too
    end: int  # of the records, offset in the file

    @property
    def tree_size(self) -> int:
        """Bytes of the search tree, which is the start of the file."""
        return self.nodes * self.record_size // 4

    @classmethod
    def read(cls, name: str, data: mmap.mmap) -> Self:
        """Decode and check the metadata. Raises GeoError, for which `name` names the file."""
        from maxminddb.decoder import Decoder

        end = data.rfind(_MARKER, max(0, len(data) - _MARKER_WITHIN))
        if end < 0:
            raise GeoError(f"{name}: not a MaxMind DB: it has no metadata")
        start = end + len(_MARKER)
        try:
            found, _ = Decoder(data, start).decode(start)
        except Exception:  # the decoder raises whatever broken bytes make it trip over
            found = None
        if not isinstance(found, dict):
            raise GeoError(f"{name}: broken MaxMind DB: its metadata cannot be decoded")
        for key, allowed in _NUMBERS.items():
            if type(found.get(key)) is not int or found[key] not in allowed:
                raise GeoError(f"{name}: broken MaxMind DB: {key} is {found.get(key)!r:.40}")
        return cls._checked(name, found, end)

    @classmethod
    def _checked(cls, name: str, found: dict[str, Any], end: int) -> Self:
        layout = cls(
            database_type=str(found.get("database_type", "")),
            nodes=found["node_count"],
            record_size=found["record_size"],
            ip_version=found["ip_version"],
            end=end,
        )
        if layout.tree_size + SEPARATOR > end:
            raise GeoError(
                f"{name}: broken MaxMind DB: a tree of {layout.nodes} nodes does not fit the file"
            )
        return layout
