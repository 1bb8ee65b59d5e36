"""`pktvisor-sdk`: start a plugin, and check one against the contracts."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from pathlib import Path
from typing import NoReturn, cast

import rich_click as click

from pktvisor import __version__

__all__ = ["main"]

EXIT_BROKEN = 1
EXIT_REFUSED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """For authors of pktvisor plugins."""


@main.command()
@click.argument("kind", type=click.Choice(["handler", "input", "sink"]))
@click.argument("name")
@click.option("--into", "folder", default=".", metavar="DIR", help="Folder to write it into.")
def new(kind: str, name: str, folder: str) -> None:
    """Write a complete, tested plugin project named pktvisor-NAME."""
    from pktvisor_sdk.scaffold import Kind, new_project

    try:
        root = new_project(cast("Kind", kind), name, Path(folder))
    except FileExistsError as error:
        _refuse(f"{error.filename} exists already; choose another name or folder")
    except (ValueError, OSError) as error:
        _refuse(str(error))
    click.echo(f"wrote {root}; now: cd {root} && pip install -e . && pytest")


@main.command(
    epilog=f"Exit status: 0 all contracts kept; {EXIT_BROKEN} some broken;"
    f" {EXIT_REFUSED} no such plugin."
)
@click.argument("package")
@click.option(
    "--config",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Setting for what is checked; an input needs those that make it read something, a sink"
    " those that make it write somewhere.",
)
@click.option(
    "--capture",
    metavar="FILE",
    help="Put packets of this capture among the ordinary traffic handlers are checked with.",
)
def check(package: str, settings: tuple[str, ...], capture: str | None) -> None:
    """Run the contracts against an installed plugin, by distribution or entry point name.

    Handlers are checked with DNS, TCP, UDP, ICMP and ARP; one that counts something else needs
    --capture.
    """
    from pktvisor_sdk.traffic import mixed_frames
    from pktvisor_sdk.verdicts import verdicts

    try:
        frames = None if capture is None else mixed_frames(capture)
        found = verdicts(package, dict(_pair(text) for text in settings), frames)
    except (LookupError, ValueError) as error:
        _refuse(str(error.args[0]))
    for verdict in found:
        click.echo(str(verdict))
    broken = sum(1 for verdict in found if verdict.fault)
    click.echo(f"{len(found) - broken} promises kept, {broken} broken")
    sys.exit(EXIT_BROKEN if broken else 0)


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"--config {text!r} is not of the form KEY=VALUE")
    return key, value


def _refuse(reason: str) -> NoReturn:
    click.echo(f"pktvisor-sdk: {reason}", err=True)
    sys.exit(EXIT_REFUSED)
