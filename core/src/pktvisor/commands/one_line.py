"""Commands whose errors are one line: what is wrong, and where to read on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import rich_click as click

__all__ = ["OneLineCommand", "OneLineGroup", "end_with_the_reader"]


def end_with_the_reader() -> None:
    """From now on, end as other programs do when whoever reads our output goes away: by SIGPIPE."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


class OneLineCommand(click.RichCommand):
    """A command; a wrong option or argument is told in one line."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command."""
        return _told(self.name or "", partial(super().main, *arguments), **options)


class OneLineGroup(click.RichGroup):
    """A command with commands below it, whose errors are told in the same way."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command below; called by a shell, end with the reader of its output."""
        if not arguments and options.get("args") is None:
            end_with_the_reader()
        return _told(self.name or "", partial(super().main, *arguments), **options)


def _told(
    program: str, run: Callable[..., Any], *, standalone_mode: bool = True, **options: Any
) -> Any:
    """Run a command, in standalone mode to the end of the process."""
    if not standalone_mode:
        return run(standalone_mode=False, **options)
    try:
        result = run(standalone_mode=False, **options)
    except click.ClickException as error:
        click.echo(f"{program}: {_said(error, program)}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(128 + signal.SIGINT)
    sys.exit(result if isinstance(result, int) else 0)


def _said(error: click.ClickException, program: str) -> str:
    """The error, and the page that says what is allowed."""
    context = getattr(error, "ctx", None)
    below = context.command_path.partition(" ")[2] if context and context.parent else ""
    page = f"{program} {below}".strip()
    return f"{' '.join(error.format_message().split()).rstrip('.')}; see {page} --help"
