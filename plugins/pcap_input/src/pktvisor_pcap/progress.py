"""A progress bar on standard error, when that is a terminal and the file takes a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pktvisor.streams import InputStream

__all__ = ["watching"]

_PATIENCE_S = 0.5


@contextmanager
def watching(file: str) -> Iterator[Callable[[InputStream], None] | None]:
    """A function to call after each batch; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    began = time.monotonic()
    shown: list[Any] = []

    def watch(stream: InputStream) -> None:
        if not shown and time.monotonic() - began < _PATIENCE_S:
            return
        position, size = stream.progress()
        if not shown:
            shown.append(_bar(file, size))
            shown[0].start()
        shown[0].update(0, completed=position)

    try:
        yield watch
    finally:
        if shown:
            shown[0].stop()


def _bar(file: str, size: int | None) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.add_task(file, total=size)
    return progress
