"""One answer for all who ask while it is being made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from litestar.concurrency import sync_to_thread

__all__ = ["SharedAnswers"]

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class SharedAnswers(Generic[Key, Answer]):
    """Answers by what is asked for, made in a thread; used in one event loop.

    Nothing is kept: whoever asks when an answer is done gets a new one. Many scrapers at once so
    cost what one costs, and an answer is never older than the longest it takes to make one.
    """

    def __init__(self, make: Callable[[Key], Answer]) -> None:
        self._make = make
        self._under_way: dict[Key, asyncio.Task[Answer]] = {}

    async def get(self, key: Key) -> Answer:
        """The answer, or what making it raised."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(sync_to_thread(self._make, key))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)  # one who leaves must not end it for the others
