"""How a person wants to see things; shared by every screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pktvisor.tui import numbers
from pktvisor.tui.figures import Row, Source

__all__ = ["View"]

Order = Literal["estimate", "name"]


@dataclass
class View:
    """Settings that keys change."""

    percentages: bool = True
    short_units: bool = True
    order: Order = "estimate"
    needle: str = ""

    def arranged(self, rows: Sequence[Row], source: Source = "table") -> list[Row]:
        """The rows that hold the filter's text, in the order asked for.

        Counts and ranges have an order of their own, which only the names' order replaces.
        """
        needle = self.needle.lower()
        kept = [row for row in rows if needle in row.name.lower()]
        if self.order == "name":
            return sorted(kept, key=lambda row: row.name)
        return sorted(kept, key=lambda row: -row.estimate) if source == "table" else kept

    def number(self, value: float) -> str:
        """A figure in the units asked for."""
        return numbers.compact(value) if self.short_units else numbers.exact(value)

    def share(self, part: float, base: float) -> str:
        """A share, empty without a base or when shares are off."""
        return numbers.percent(part, base) if self.percentages else ""
