"""How many tables stand side by side, and how high: as much as fits is shown whole."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Tiles", "tiles"]

LEAST_WIDTH = 36
"""A name, a count and a share, inside a frame."""
LEAST_HEIGHT = 6
MOST_HEIGHT = 12
"""Ten rows, as many as an agent sends, inside a frame."""

BELOW = 1
"""The line that names the tables without rows."""


class Tiles(NamedTuple):
    """Columns of tables, and the height of each table with its frame."""

    columns: int
    height: int


def tiles(tables: int, width: int, height: int) -> Tiles:
    """The widest tables that all fit with all their rows; else lower ones; else whole ones to scroll.

    >>> tiles(12, 200, 50), tiles(12, 120, 29), tiles(12, 80, 12)
    (Tiles(columns=3, height=12), Tiles(columns=3, height=7), Tiles(columns=2, height=6))
    """
    most = max(1, width // LEAST_WIDTH)
    for columns in range(1, most + 1):
        if -(-tables // columns) * MOST_HEIGHT + BELOW <= height:
            return Tiles(columns, MOST_HEIGHT)
    rows = -(-tables // most) or 1
    in_sight = min(rows, max(1, height // LEAST_HEIGHT))
    return Tiles(most, max(LEAST_HEIGHT, min(height // in_sight, MOST_HEIGHT)))
