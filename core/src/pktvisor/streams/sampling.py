"""Deep sampling: which events are looked at closely.

Accepted event n of a handler is deep when SplitMix64(n) mod 100 is below the rate (Steele, Lea and
Flood 2014). The draw depends on nothing but n, so cutting a stream elsewhere changes nothing.
"""

from __future__ import annotations

import numpy as np

from pktvisor.batches import Array

__all__ = ["DeepSampler", "splitmix64"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def splitmix64(first: int, count: int) -> Array:
    """Draws `first … first + count - 1` (from 0) of SplitMix64 with state 0x9E3779B97F4A7C15."""
    n = np.arange(first + 2, first + 2 + count, dtype=np.uint64)
    z = n * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


class DeepSampler:
    """Draws the deep flag of the events of one handler, in order."""

    def __init__(self, rate: int) -> None:
        if not 1 <= rate <= 100:
            raise ValueError(f"deep sample rate {rate} is out of range; allowed is 1 to 100")
        self.rate = rate
        self._drawn = 0
        self._last = False

    def flags(self, accepted: Array) -> Array:
        """The flag of each event; one that was not accepted repeats the flag before it.

        `accepted` is a bool column, the result another.
        """
        if self.rate == 100:
            return np.ones(len(accepted), bool)
        drawn = int(np.count_nonzero(accepted))
        flags = np.empty(drawn + 1, bool)
        flags[0] = self._last
        flags[1:] = splitmix64(self._drawn, drawn) % np.uint64(100) < np.uint64(self.rate)
        self._drawn += drawn
        self._last = bool(flags[-1])
        result: Array = flags[np.cumsum(accepted)]
        return result
