"""What the widgets of the terminal UI tell each other."""

from __future__ import annotations

from textual.message import Message

from pktvisor.tui.overview import Panel

__all__ = ["DrillDown", "Fetched", "Lost"]


class DrillDown(Message):
    """A person opens a table: show this metric full screen, over all kept periods."""

    def __init__(self, panel: Panel, row: int) -> None:
        super().__init__()
        self.panel = panel
        self.row = row


class Fetched(Message):
    """New figures have come from the agent."""


class Lost(Message):
    """The agent cannot be asked; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
