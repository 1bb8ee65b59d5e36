"""`pktvisord`: the daemon's command line."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from collections.abc import Callable
from typing import Any

import rich_click as click

from pktvisor.commands.daemon_settings import declared
from pktvisor.commands.one_line import OneLineCommand

__all__ = ["main"]

PROGRAM = "pktvisord"
EXIT_FAILED = 1
EXIT_USAGE = 2

_EPILOG = (
    "Exit status: 0 stopped when told to, or --module-list, --version; 1 it could not start, the"
    " reason is on standard error; 2 an option is wrong."
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add one click option for each declared setting."""
    for setting in reversed(list(declared())):
        about = setting.metadata
        kind = str(setting.type)
        shown = f"{about['help']}  [default: {setting.default}]" if _says_default(setting) else None
        options: dict[str, Any] = {"help": shown or about["help"], "default": None}
        if kind == "bool":
            options.update(is_flag=True, default=False)
        else:
            options["metavar"] = about["metavar"]
            if kind == "int":
                options["type"] = click.IntRange(*about["limits"])
            if kind.startswith("tuple"):
                options.update(multiple=True, default=())
        command = click.option(setting.name, *about["flags"], **options)(command)
    return command


def _says_default(setting: Any) -> bool:
    return str(setting.type) in ("int", "str") and setting.default != ""


def _groups() -> list[Any]:
    groups: dict[str, list[str]] = {}
    for setting in declared():
        groups.setdefault(setting.metadata["group"], []).append(setting.metadata["flags"][0])
    groups["Process"] += ["--version", "--help"]
    return [{"name": name, "options": flags} for name, flags in groups.items()]


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from pktvisor import __version__
        from pktvisor._kernels import COMPILED

        click.echo(f"pktvisor {__version__}")
        click.echo(f"kernels: {len(COMPILED)} compiled ahead of time by Cython, bounds checked")
        context.exit()


click.rich_click.OPTION_GROUPS[PROGRAM] = _groups()


@click.command(
    PROGRAM,
    cls=OneLineCommand,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("iface", metavar="[IFACE]", required=False)
@_with_options
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and how the kernels were built, and exit.",
)
def main(iface: str | None, **given: Any) -> None:
    """Summarize network traffic, minute by minute, and answer for it over HTTP.

    With IFACE (a network interface, an address of one, or auto) the policy `default` summarizes
    what passes there. More taps and policies come from --config, or over the API with --full-api.
    """
    from pktvisor.commands.daemon import StartError, run

    try:
        run(iface, given)
    except StartError as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        sys.exit(EXIT_USAGE if error.wrong_option else EXIT_FAILED)


if __name__ == "__main__":
    main()
