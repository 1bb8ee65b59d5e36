"""Run classic BPF programs over capture records: the driver of the BPF kernel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pktvisor.batches import Array, Records
from pktvisor.later import later_module

__all__ = ["BpfProgram"]

kernel = later_module("pktvisor._kernels.bpf")


class BpfProgram:
    """A checked program; `instructions` are (code, jump if true, jump if false, k) tuples.

    Raises ValueError when a jump leaves the program, a scratch slot does not exist, or the program
    does not end in a return.
    """

    def __init__(self, instructions: Iterable[tuple[int, int, int, int]]) -> None:
        code, jump_true, jump_false, k = zip(*instructions, strict=True)
        self._program = (
            np.array(code, np.uint16),
            np.array(jump_true, np.uint8),
            np.array(jump_false, np.uint8),
            np.array(k, np.uint32),
        )
        if not kernel.check_program(*self._program):
            raise ValueError("this is not a valid BPF program")

    def accepts(self, records: Records, rows: Array) -> Array:
        """The rows (int64, a subset of `rows`) whose frames the program accepts."""
        accepted = np.zeros(len(records), np.uint8)
        kernel.run(
            records.arena,
            records.frame_offset,
            records.captured_length,
            records.wire_length,
            rows,
            *self._program,
            np.zeros(16, np.int64),
            accepted,
        )
        chosen: Array = rows[accepted[rows] != 0]
        return chosen
