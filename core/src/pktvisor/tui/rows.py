"""A widget that is a list of rows, of which only those that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Rows"]


class Rows(Widget):
    """Draws each row by itself: most figures stay from one second to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.rows_drawn: Sequence[Text] = ()
        self._room = Size()

    @property
    def plain(self) -> str:
        """What is drawn, without styles."""
        return "\n".join(row.plain for row in self.rows_drawn)

    def composed(self, room: Size) -> Sequence[Text]:
        """The rows for so much room, each as wide as that at most."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw the rows that are not what they were."""
        before, rows = self.rows_drawn, self._compose_rows()
        changed = [
            place
            for place in range(max(len(before), len(rows)))
            if place >= len(rows) or place >= len(before) or rows[place] != before[place]
        ]
        if changed:
            self.refresh(*(Region(0, place, self._room.width, 1) for place in changed))

    def on_resize(self, event: events.Resize) -> None:
        """Use the room there is."""
        self.draw()

    def render_line(self, y: int) -> Strip:
        """One row, on the widget's own background."""
        if self.content_size != self._room:  # a new size is painted before it is announced
            self._compose_rows()
        width, style = self._room.width, self.visual_style.rich_style
        if y >= len(self.rows_drawn):
            return Strip.blank(width, style)
        row = self.rows_drawn[y]
        strip = Strip(row.render(self.app.console), row.cell_len)
        return strip.apply_style(style).adjust_cell_length(width, style)

    def _compose_rows(self) -> Sequence[Text]:
        self._room = self.content_size
        self.rows_drawn = self.composed(self._room)
        return self.rows_drawn
