"""How a person wants to see things; shared by every screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pktvisor.tui.figures import Row

__all__ = ["View"]

Order = Literal["estimate", "name"]


@dataclass
class View:
    """Settings that keys change."""

    percentages: bool = True
    short_units: bool = True
    order: Order = "estimate"
    needle: str = ""

    def arranged(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that hold the filter's text, in the order asked for."""
        needle = self.needle.lower()
        kept = [row for row in rows if needle in row.name.lower()]
        if self.order == "name":
            return sorted(kept, key=lambda row: row.name)
        return sorted(kept, key=lambda row: -row.estimate)
