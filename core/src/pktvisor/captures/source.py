"""Bytes of a capture: a file or a stream, decompressed on the way if need be."""

from __future__ import annotations

import io
import os
import select
import sys
from pathlib import Path
from typing import IO, Any, BinaryIO

from pktvisor.captures.errors import CaptureError

__all__ = ["Source", "open_source"]

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class _Counted(io.RawIOBase):
    """A binary stream that starts with bytes already read and counts what is taken from it."""

    def __init__(self, raw: IO[bytes], head: bytes) -> None:
        self._raw = raw
        self._head = head
        self._read_into = getattr(raw, "readinto", None)
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self._head:
            piece, self._head = self._head[: len(view)], self._head[len(view) :]
        elif self._read_into is not None:
            got = self._read_into(view) or 0
            self.taken += got
            return got
        else:
            piece = self._raw.read(len(view)) or b""
        view[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)


class Source:
    """Readable bytes: `name` for messages, `compression`, size and position in the file itself."""

    def __init__(self, name: str, raw: IO[bytes], head: bytes, size: int | None) -> None:
        self.name = name
        self.size = size
        self._raw = raw
        self._counted = _Counted(raw, head)
        self.compression = next(
            (kind for magic, kind in _MAGIC.items() if head.startswith(magic)), ""
        )
        self._stream: Any = self._counted
        if self.compression:
            from pktvisor.captures.compression import Decompressed

            self._stream = Decompressed(self.compression, name, self._counted)
        self._pipe = _pipe(raw) if size is None else None

    @property
    def position(self) -> int:
        """Bytes taken from the file so far."""
        return self._counted.taken

    def read_into(self, view: memoryview) -> int:
        """Fill the view as far as there are bytes; raises OSError where they are broken.

        From a pipe it takes what is there: waits for the first byte, not for the others.
        """
        filled = 0
        while filled < len(view):
            got = self._stream.readinto(view[filled:])
            if not got:
                break
            filled += got
            if self._pipe is not None and not self._pipe.poll(0):
                break
        return filled

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


def open_source(source: str | os.PathLike[str] | BinaryIO) -> Source:
    """Open a path, `-` for standard input, or a binary stream. Raises CaptureError."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        if name == "-":
            # Its raw stream hands over what has come; the buffered one would wait for more.
            return _start(
                "standard input", getattr(sys.stdin.buffer, "raw", sys.stdin.buffer), None
            )
        try:
            raw = Path(name).open("rb", buffering=0)  # noqa: SIM115 - the source closes it
            size = Path(name).stat().st_size if Path(name).is_file() else None
        except OSError as error:
            raise CaptureError(f"{name}: cannot be opened: {error.strerror}") from None
        return _start(name, raw, size)
    return _start(str(getattr(source, "name", "stream")), source, None)


def _pipe(raw: IO[bytes]) -> select.poll | None:
    """What tells whether a stream has more bytes at once; None where it has no descriptor."""
    try:
        descriptor = raw.fileno()
    except (AttributeError, OSError):
        return None
    ready = select.poll()
    ready.register(descriptor, select.POLLIN | select.POLLHUP)
    return ready


def _start(name: str, raw: IO[bytes], size: int | None) -> Source:
    head = b""
    try:
        while len(head) < 8:
            piece = raw.read(8 - len(head))
            if not piece:
                break
            head += piece
    except OSError as error:
        raw.close()
        raise CaptureError(f"{name}: cannot be read: {error.strerror}") from None
    return Source(name, raw, head, size)
