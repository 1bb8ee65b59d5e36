"""`pktvisor-cli`: watch an agent, or a capture file, in the terminal."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from pktvisor import __version__
from pktvisor.commands.one_line import OneLineCommand, end_with_the_reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from pktvisor.tui.client import AgentClient, Endpoint

__all__ = ["main"]

EXIT_NO_ANSWER = 1
EXIT_REFUSED = 2

_EPILOG = (
    "Exit status: 0 closed by its user, or printed what was asked for; 1 the agent gave no answer;"
    " 2 an option or the file was refused; 129 the terminal was lost; 141 (SIGPIPE)"
    " whoever read the output of --once went away; 143 it was asked to end."
)


@click.command(
    "pktvisor-cli",
    cls=OneLineCommand,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("file", required=False, metavar="[FILE]")
@click.option("-H", "host", default="localhost", show_default=True, help="Host of the agent.")
@click.option(
    "-p", "port", type=click.IntRange(1, 65535), default=10853, show_default=True, help="Its port."
)
@click.option("-P", "policy", default="default", show_default=True, help="Policy to watch.")
@click.option("--tls", is_flag=True, help="Use https.")
@click.option("--tls-noverify", is_flag=True, help="Use https, whoever signed the certificate.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False),
    help="File with the agent's token; else PKTVISOR_TOKEN.",
)
@click.option("--host-spec", default="", metavar="SPEC", help="Our hosts' prefixes, with FILE.")
@click.option("--once", is_flag=True, help="Print the figures once, without a screen.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print JSON.")
@click.version_option(__version__, message="%(prog)s %(version)s")
def main(
    file: str | None,
    host: str,
    port: int,
    policy: str,
    tls: bool,
    tls_noverify: bool,
    token_file: str | None,
    host_spec: str,
    once: bool,
    as_json: bool,
) -> None:
    """Watch the agent at HOST, or the traffic in a capture FILE, on one screen."""
    from pktvisor.tui.client import Endpoint

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _end)  # else the agent of a FILE would be left behind
    if as_json and not once:
        _refuse("--json goes with --once")
    if not once and not sys.stdout.isatty():
        _refuse("standard output is no terminal; --once prints the figures without a screen")
    if not once and not sys.stderr.isatty():
        _refuse(
            "standard error is no terminal, and the screen is drawn there; leave it where it is, or"
            " --once prints the figures without a screen"
        )
    token = os.environ.get("PKTVISOR_TOKEN")
    if token_file is not None:
        token = Path(token_file).read_text("utf-8").strip()
    if file is None:
        if host_spec:
            _refuse("--host-spec goes with FILE; an agent knows its own hosts")
        _watch(
            Endpoint(host, port, tls or tls_noverify, not tls_noverify, token),
            policy,
            once,
            as_json,
        )
        return
    from pktvisor.tui.private_agent import PrivateAgent

    try:
        with PrivateAgent(file, host_spec) as agent:
            _watch(agent.endpoint, "default", once, as_json, Path(file).name, agent.close)
    except (OSError, ValueError) as error:
        _refuse(str(error))


def _watch(
    endpoint: Endpoint,
    policy: str,
    once: bool,
    as_json: bool,
    file: str = "",
    on_hang_up: Callable[[], object] | None = None,
) -> None:
    from pktvisor.tui.client import AgentClient

    if once:
        sys.exit(asyncio.run(_print_once(AgentClient(endpoint), policy, as_json)))
    from pktvisor.tui.app import PktvisorApp

    client = AgentClient(endpoint)
    app = PktvisorApp(client, policy, version=__version__, file=file, on_hang_up=on_hang_up)
    app.run()
    sys.exit(app.return_code or 0)


async def _print_once(client: AgentClient, policy: str, as_json: bool) -> int:
    from pktvisor.tui.client import AgentError
    from pktvisor.tui.once import print_figures

    async with client:
        try:
            handlers = await client.metrics(policy, 5)
            health = {} if as_json else await client.health()
            known = {} if as_json else await client.descriptions()
        except AgentError as error:
            click.echo(f"pktvisor-cli: {await client.reason(policy, error)}", err=True)
            return EXIT_NO_ANSWER
    end_with_the_reader()
    if as_json:
        click.echo(json.dumps({policy: handlers}, sort_keys=True, ensure_ascii=False))
    else:
        print_figures(handlers, health, policy, known)
    return 0


def _end(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _refuse(reason: str) -> NoReturn:
    click.echo(f"pktvisor-cli: {reason}", err=True)
    sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
