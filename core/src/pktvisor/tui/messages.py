"""What the widgets of the terminal UI tell each other."""

from __future__ import annotations

from textual.message import Message

from pktvisor.tui.parts import Panel

__all__ = ["DrillDown"]


class DrillDown(Message):
    """A person opens a table: show this metric full screen, over all kept periods."""

    def __init__(self, panel: Panel, name: str) -> None:
        super().__init__()
        self.panel = panel
        self.name = name
