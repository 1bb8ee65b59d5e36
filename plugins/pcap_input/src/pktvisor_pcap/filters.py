"""Compile filter expressions with libpcap, one program a link type."""

from __future__ import annotations

from pktvisor.batches import Array, Records
from pktvisor.kernels import BpfProgram

__all__ = ["PacketFilter"]

_ETHERNET = 1
# LINKTYPE_ values of files that libpcap knows under another DLT_ number.
_DLT = {101: 12, 14: 12}


class PacketFilter:
    """A filter expression, applied to records of any link type libpcap can compile it for."""

    def __init__(self, expression: str) -> None:
        """Check the expression. Raises ValueError with libpcap's reason."""
        self.expression = expression
        self._programs: dict[int, BpfProgram | None] = {}
        self.reasons: dict[int, str] = {}
        try:
            self._programs[_ETHERNET] = _compile(expression, _ETHERNET)
        except ValueError as error:
            raise ValueError(f"filter {expression!r}: {error}") from None

    def rows(self, records: Records) -> Array:
        """The rows (int64) that pass; none of a link type the filter does not apply to."""
        import numpy as np

        kinds = np.unique(records.link_type).tolist()
        passed = [np.zeros(0, np.int64)]
        for kind in kinds:
            program = self._program(kind)
            if program is not None:
                rows = np.flatnonzero(records.link_type == kind)
                passed.append(program.accepts(records, rows))
        return np.sort(np.concatenate(passed))

    def _program(self, kind: int) -> BpfProgram | None:
        if kind not in self._programs:
            try:
                self._programs[kind] = _compile(self.expression, kind)
            except ValueError as error:
                self._programs[kind] = None
                self.reasons[kind] = str(error)
        return self._programs[kind]


def _compile(expression: str, link_type: int) -> BpfProgram:
    import pcapy

    try:
        program = pcapy.compile(_DLT.get(link_type, link_type), 262144, expression, 1, 0)
        return BpfProgram(program.get_bpf())
    except pcapy.PcapError as error:
        raise ValueError(str(error)) from None
