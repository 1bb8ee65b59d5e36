"""Compressed captures: gzip, bzip2, xz and zstd, with one kind of error for broken data."""

from __future__ import annotations

import io
import zlib
from typing import Any, cast

from pktvisor.captures.errors import CaptureError

__all__ = ["Decompressed"]


class Decompressed:
    """What a compressed stream holds. Raises CaptureError where it cannot be read at all."""

    def __init__(self, kind: str, name: str, raw: io.RawIOBase) -> None:
        self._reader, error = _reader(kind, name, raw)
        self._broken = (EOFError, zlib.error, error)

    def readinto(self, view: memoryview) -> int:
        """Fill the view as far as there are bytes; OSError where they are broken or end too early."""
        try:
            return int(self._reader.readinto(view))
        except self._broken as error:
            raise OSError(str(error) or type(error).__name__) from None


def _reader(kind: str, name: str, raw: io.RawIOBase) -> tuple[Any, type[Exception]]:
    """A reader, and what it raises for broken data besides what all of them do."""
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=_buffered(raw)), OSError
    if kind == "bzip2":
        import bz2

        return bz2.BZ2File(_buffered(raw)), OSError
    if kind == "xz":
        import lzma

        return lzma.LZMAFile(_buffered(raw)), lzma.LZMAError
    try:
        import zstandard
    except ImportError:
        raise CaptureError(
            f"{name}: reading zstd needs an extra: pip install 'pktvisor-core[zstd]'"
        ) from None
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    reader = decompressor.stream_reader(cast("Any", raw), read_across_frames=True)
    return reader, zstandard.ZstdError


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, 1 << 16)
