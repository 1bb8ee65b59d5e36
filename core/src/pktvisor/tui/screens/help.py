"""Which key does what."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

__all__ = ["KEYS", "HelpScreen"]

KEYS = (
    ("arrows, hjkl, Tab", "move between rows and tables"),
    ("Enter, double click", "this metric full screen, over all kept periods"),
    ("Esc, Backspace", "back; Esc clears the filter"),
    ("/", "show only rows that hold a text"),
    ("s", "sort by estimate or by name"),
    ("f", "freeze the screen, and go on"),
    ("p", "choose the policy"),
    ("w", "choose the window: live, or periods merged"),
    ("%", "shares on or off"),
    ("u", "12.3k or 12,345"),
    ("y", "copy the row"),
    ("e", "export the table as CSV and JSON"),
    ("t", "next theme"),
    ("Ctrl+P", "command palette"),
    ("?", "this page"),
    ("q, Ctrl+C", "quit"),
)


class HelpScreen(ModalScreen[None]):
    """A list of keys; any of Esc, q and ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "app.pop_screen", "close")
    ]

    def compose(self) -> ComposeResult:
        """The list."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for keys, meaning in KEYS:
            table.add_row(keys, meaning)
        with VerticalScroll(classes="dialog"):
            yield Static("Keys", classes="dialog-title")
            yield Static(table)
