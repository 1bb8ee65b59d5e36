"""The first row: which policy of which agent is watched, and of when the figures are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

__all__ = ["Part", "TitleBar", "fitted", "say"]

Part = tuple[str, int]
"""A text and its rank: the highest rank yields first where there is no room."""

_BETWEEN = " │ "


def fitted(parts: Sequence[Part], width: int) -> str:
    """As many parts as fit, in their order; the last ones left are cut."""
    kept = [part for part in parts if part[0]]
    while len(kept) > 1 and len(_BETWEEN.join(text for text, _ in kept)) > width:
        kept.remove(max(kept, key=lambda part: part[1]))
    text = _BETWEEN.join(text for text, _ in kept)
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def say(line: Static, text: str) -> None:
    """Show a text, or nothing at all; a text that stays costs no new layout."""
    if line.content != text:
        line.update(text)
    if line.display != bool(text):
        line.display = bool(text)


class TitleBar(Widget):
    """One row that never wraps."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: Sequence[Part] = ()

    @property
    def text(self) -> str:
        """What is shown."""
        return fitted(self._parts, self.size.width)

    def show(self, parts: Sequence[Part]) -> None:
        """Draw other parts, if they are other."""
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render(self) -> Text:
        """The parts that fit."""
        return Text(self.text, no_wrap=True)
