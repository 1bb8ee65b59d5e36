"""`pktvisor`: what there is to do besides running: check a configuration, see what is installed."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import rich_click as click

from pktvisor import __version__
from pktvisor.commands.one_line import OneLineGroup
from pktvisor.plugin_options import MODULE_DIR

if TYPE_CHECKING:
    from pktvisor.plugins import Plugins
    from pktvisor.reflection import Kind

__all__ = ["main"]

EXIT_REFUSED = 1
EXIT_UNREADABLE = 2

_EPILOG = (
    "Exit status: 0 the configuration is good; 1 it would be refused, for the reason on standard"
    " error; 2 the file cannot be read."
)


@click.group("pktvisor", cls=OneLineGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Check a configuration, and see what is installed."""


def _module_dir(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--module-dir", metavar="DIR", help=MODULE_DIR)(command)


def _loaded(module_dir: str | None) -> Plugins:
    from pktvisor.plugins import Plugins

    try:
        return Plugins(module_dir=module_dir)
    except ValueError as error:
        _end(str(error), EXIT_REFUSED)


@main.command(epilog=_EPILOG)
@click.argument("file", metavar="FILE")
def validate(file: str) -> None:
    """Check the settings, taps and policies in FILE as pktvisord would, and start nothing.

    Names the line and key of what is wrong, and what is allowed there. Keys without a meaning are
    warned about. Settings are checked as if pktvisord were started here with --config FILE and
    no other option: its command line may add what is missing, and the token may be in the
    environment. Interfaces and files that taps name are not looked for, nor are the user to
    become, the listen address and the log file.
    """
    from pktvisor.commands.configuration import (
        SettingError,
        check_settings,
        load_plugins,
        located,
        read_settings,
    )
    from pktvisor.engine.planning import Planner
    from pktvisor.module_folder import ModuleFolderError
    from pktvisor.policies.document import parse_document
    from pktvisor.policies.errors import ConfigError

    document = None
    try:
        document = parse_document(Path(file).read_bytes())
        settings = read_settings(document.options, {})
        check_settings(settings, document.options, {})
        plugins = load_plugins(settings)
        planner = Planner(plugins, document.taps, settings=document.global_handler_config)
        planner.document(document)
    except OSError as error:
        _end(f"{file}: {error.strerror}", EXIT_UNREADABLE)
    except ConfigError as error:
        _end(located(error, file, document), EXIT_REFUSED)
    except (ModuleFolderError, SettingError) as error:
        _end(str(error), EXIT_REFUSED)
    for warning in (*document.warnings, *planner.unknown_settings()):
        click.echo(f"{file}: {warning}", err=True)
    taps, policies = len(document.taps), len(document.policies)
    click.echo(f"{file}: good; taps: {taps}, policies: {policies}")


@main.command()
@click.argument("kind", type=click.Choice(["input", "handler", "sink"]))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API answers.")
@_module_dir
def describe(kind: Kind, name: str, as_json: bool, module_dir: str | None) -> None:
    """Say everything an installed type declares: versions, settings, filters, groups, metrics."""
    from pktvisor.exposition.type_text import type_text
    from pktvisor.reflection import describe as described

    try:
        found = described(_loaded(module_dir), kind, name)
    except LookupError as error:
        _end(str(error.args[0]), EXIT_REFUSED)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo(type_text(found, min(shutil.get_terminal_size().columns, 100)))


@main.group()
def plugins() -> None:
    """See which plugins are installed, and what became of each."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API answers.")
@_module_dir
def list_plugins(as_json: bool, module_dir: str | None) -> None:
    """List every plugin, what it offers, and why those are disabled that are."""
    logging.getLogger("pktvisor").addHandler(logging.NullHandler())  # the list says as much
    found = _loaded(module_dir)
    found.preload()
    if as_json:
        click.echo(json.dumps([asdict(record) for record in found.records], indent=2))
        return
    for record in found.records:
        click.echo(str(record))
        for offered in record.provides:
            click.echo(f"    {offered}")
    if not found.records:
        click.echo("no plugins are installed")


def _end(reason: str, status: int) -> NoReturn:
    click.echo(f"pktvisor: {reason}", err=True)
    sys.exit(status)
