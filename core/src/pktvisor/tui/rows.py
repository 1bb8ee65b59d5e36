"""A widget that is a list of rows, of which only those that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Rows"]


class Rows(Widget):
    """Draws each row by itself: most figures stay from one second to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.rows_drawn: Sequence[Text] = ()

    @property
    def plain(self) -> str:
        """What is drawn, without styles."""
        return "\n".join(row.plain for row in self.rows_drawn)

    def draw(self, rows: Sequence[Text]) -> None:
        """Draw other rows; each is as wide as the widget at most."""
        before, self.rows_drawn = self.rows_drawn, rows
        changed = [
            place
            for place in range(max(len(before), len(rows)))
            if place >= len(rows) or place >= len(before) or rows[place] != before[place]
        ]
        if changed:
            width = self.content_size.width
            self.refresh(*(Region(0, place, width, 1) for place in changed))

    def render_line(self, y: int) -> Strip:
        """One row, on the widget's own background."""
        width, style = self.content_size.width, self.visual_style.rich_style
        if y >= len(self.rows_drawn):
            return Strip.blank(width, style)
        row = self.rows_drawn[y]
        strip = Strip(row.render(self.app.console), row.cell_len)
        return strip.apply_style(style).adjust_cell_length(width, style)
