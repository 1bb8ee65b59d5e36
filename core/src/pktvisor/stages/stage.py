"""The contract of a stage: stateful decoding that belongs to the stream, run once a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from pktvisor.batches import PacketBatch, StageTable

__all__ = ["Stage"]


class Stage(ABC):
    """Reads every batch of one stream in order and attaches one table to it.

    A stage keeps state between batches in tables of fixed size and must not depend on how the
    stream was cut into batches. It runs before any filter and never raises for what packets hold.
    `needs` names stages whose tables it reads; they run before it.
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def run(self, batch: PacketBatch) -> StageTable:
        """The table for this batch; it and its arenas are valid until the next call."""

    @abstractmethod
    def counters(self) -> Mapping[str, int]:
        """What was given up so far (evictions, gaps, …), by name; every value only grows."""
