"""`pktvisor`: what there is to do with a configuration besides running it."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click

from pktvisor import __version__

__all__ = ["main"]

EXIT_REFUSED = 1
EXIT_UNREADABLE = 2

_EPILOG = (
    "Exit status: 0 the configuration is good; 1 it would be refused, for the reason on standard"
    " error; 2 the file cannot be read."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Look after pktvisor's configuration."""


@main.command(epilog=_EPILOG)
@click.argument("file", metavar="FILE")
def validate(file: str) -> None:
    """Check the settings, taps and policies in FILE as pktvisord would, and start nothing.

    Names the line and key of what is wrong, and what is allowed there. Keys without a meaning are
    warned about. Interfaces and files that taps name are not looked for.
    """
    from pktvisor.engine.planning import Planner
    from pktvisor.plugins import Plugins
    from pktvisor.policies.document import parse_document
    from pktvisor.policies.errors import ConfigError

    plugins = Plugins()
    for record in plugins.broken():
        click.echo(str(record), err=True)
    document = None
    try:
        document = parse_document(Path(file).read_bytes())
        planner = Planner(plugins, document.taps, settings=document.global_handler_config)
        planner.document(document)
        _check_options(document.options)
    except OSError as error:
        _end(f"{file}: {error.strerror}", EXIT_UNREADABLE)
    except ConfigError as error:
        line = error.line or (document.loaded.line(error.path) if document else None)
        _end(f"{file}:{line}: {error}" if line else f"{file}: {error}", EXIT_REFUSED)
    for warning in (*document.warnings, *planner.unknown_settings()):
        click.echo(f"{file}: {warning}", err=True)
    taps, policies = len(document.taps), len(document.policies)
    click.echo(f"{file}: good; taps: {taps}, policies: {policies}")


def _check_options(options: Mapping[str, Any]) -> None:
    """The settings of the daemon, one by one."""
    from pktvisor.commands.daemon_settings import merged
    from pktvisor.policies.errors import ConfigError

    for key, value in options.items():
        try:
            merged({}, {key: value})
        except ValueError as error:
            place = ("visor", "config", key)
            raise ConfigError(str(error).removeprefix(f"visor.config.{key}: "), place) from None


def _end(reason: str, status: int) -> NoReturn:
    click.echo(f"pktvisor: {reason}", err=True)
    sys.exit(status)
