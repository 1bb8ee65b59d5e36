"""How the kernels of this installation were built."""

from __future__ import annotations

from pktvisor._kernels import COMPILED, coupons

__all__ = ["describe_kernels"]


def describe_kernels() -> str:
    """One line for `--version`: how many kernels there are, and what compiled them for what."""
    interface = "stable ABI" if ".abi3." in (coupons.__file__ or "") else "this Python only"
    return f"{len(COMPILED)} kernels compiled by Cython {coupons.COMPILER} ({interface})"
