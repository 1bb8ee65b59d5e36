"""The last row: the keys that do something now, as many as fit whole."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer

__all__ = ["KeyLine"]


class KeyLine(Footer):
    """A footer without a hint that is cut; `?` lists all keys."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)

    def compose(self) -> ComposeResult:
        """The hints in their order, up to the first there is no room for."""
        room = self.app.size.width
        for hint in super().compose():
            key, meaning = (getattr(hint, name, "") for name in ("key_display", "description"))
            room -= len(f" {key} {meaning} ")
            if room < 0:
                return
            yield hint

    async def on_resize(self, event: events.Resize) -> None:
        """Use the room there is."""
        await self.recompose()
