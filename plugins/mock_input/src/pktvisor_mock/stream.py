"""The input `mock`: it lives, and nothing comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from pktvisor.batches import PacketBatch
from pktvisor.streams import InputStream, StreamContext
from pktvisor_mock.config import MockConfig

__all__ = ["MockStream"]

_IDLE_S = 0.1  # a live stream gives a sign of life at least that often


class MockStream(InputStream):
    """Emits no packets until it is stopped."""

    recorded = False

    def __init__(self, config: MockConfig, context: StreamContext) -> None:
        """Raises ValueError when the config asks for it."""
        if config.except_on_start:
            raise ValueError("except_on_start is set, so mock does not start")
        self._stopped = threading.Event()

    def batches(self) -> Iterator[PacketBatch | None]:
        """Yield None every 100 ms until `stop`."""
        while not self._stopped.wait(_IDLE_S):
            yield None

    def stop(self) -> None:
        """End the iteration."""
        self._stopped.set()
