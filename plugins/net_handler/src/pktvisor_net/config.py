"""Settings of the handler `net`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NetConfig"]


@dataclass(frozen=True)
class NetConfig:
    """`net` 1.0 has no settings of its own yet."""
