"""What a broken contract raises."""

from __future__ import annotations

__all__ = ["BrokenContractError", "demand"]


class BrokenContractError(AssertionError):
    """A promise was not kept; the text names the fault and, where it can, the way to mend it."""


def demand(kept: bool, fault: str) -> None:
    """Raise BrokenContractError with the fault unless the promise was kept."""
    if not kept:
        raise BrokenContractError(fault)
