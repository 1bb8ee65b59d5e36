"""What a screen is made of: figures with a label, before they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from pktvisor.tui.figures import Row, Source, Spread

__all__ = ["LONGEST_LABEL", "Cell", "Gauge", "Line", "Panel"]

LONGEST_LABEL = 26
"""The title of a line is cut there, and the label of a gauge where it has no more room."""


@dataclass(frozen=True)
class Cell:
    """One figure of a line; `base` is what its share is of, and the highest `rank` yields first."""

    label: str
    value: float
    base: float = 0
    rank: int = 0
    alarm: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the header."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Gauge:
    """Quantiles of a rate, a latency, a size; those of one `unit` are drawn on one scale."""

    key: str
    label: str
    unit: str
    spread: Spread
    rank: int = 0


@dataclass(frozen=True)
class Panel:
    """One table on the screen; `base` is what its shares are of, 0 for no shares."""

    title: str
    schema: str
    path: str
    rows: tuple[Row, ...]
    base: float = 0
    source: Source = "table"

    @property
    def metric(self) -> str:
        """The schema and the path, as one name."""
        return f"{self.schema}.{self.path}".rstrip(".")
