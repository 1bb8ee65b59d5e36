"""`rotating`: the files of one folder, oldest first, as one stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pktvisor import InputStream, PacketBatch
from pktvisor.batches import decode
from pktvisor.captures import CaptureError, open_capture
from pktvisor.streams import StreamContext
from pktvisor_rotating.config import RotatingConfig


class RotatingStream(InputStream):
    """Reads each file to its end; one that cannot be read is named and left out."""

    recorded = True

    def __init__(self, config: RotatingConfig, context: StreamContext) -> None:
        """Look which files there are. Raises ValueError when there is none."""
        self._hosts = context.hosts
        folder = Path(config.rotating_folder)
        self._files = sorted(folder.glob(config.pattern), key=lambda file: file.stat().st_mtime_ns)
        self._problems: list[str] = []
        self._read = 0
        if not self._files:
            raise ValueError(f"{folder}: no file is named like {config.pattern!r}")

    def batches(self) -> Iterator[PacketBatch]:
        """Yield the packets of all files, each file's up to 16384 at a time."""
        for file in self._files:
            try:
                with open_capture(file) as reader:
                    for records in reader:
                        yield decode(records, self._hosts)
                    if reader.problem is not None:
                        self._problems.append(reader.problem)
            except CaptureError as error:
                self._problems.append(str(error))
            self._read += 1

    @property
    def problem(self) -> str | None:
        """The first file that could not be read to its end, and how many there were."""
        if not self._problems:
            return None
        more = len(self._problems) - 1
        return self._problems[0] + (f" (and {more} more files)" if more else "")

    def progress(self) -> tuple[int, int | None]:
        """Files read, and in all."""
        return self._read, len(self._files)

    def info(self) -> Mapping[str, Any]:
        """How many files there are and have been read."""
        return {"files": len(self._files), "files_read": self._read}
