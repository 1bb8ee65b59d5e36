"""`pktvisor-pcap` and `pktvisor-reader`: summarize a capture file."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pktvisor import __version__
from pktvisor.plugin_options import DISABLE_PLUGIN, MODULE_DIR

if TYPE_CHECKING:
    from collections.abc import Callable

    from pktvisor.plugins import Plugins
    from pktvisor.snapshot import Snapshot
    from pktvisor.streams import InputStream

__all__ = ["main", "run"]

DEFAULT_HANDLERS = ("net", "dns", "dhcp")
MOST_PERIODS = 10
EXIT_PARTIAL = 1
EXIT_REFUSED = 2
EXIT_UNWRITTEN = 3
EXIT_INTERRUPTED = 130

_EPILOG = (
    "Exit status: 0 the whole file was summarized; 1 the file broke off or held packets the filter"
    " does not apply to, the summary is of the rest; 2 an option, the file, the filter or a database"
    " was refused; 3 the summary could not be written; 130 it was interrupted; 141 (SIGPIPE) whoever"
    " read the summary went away."
)


def _help(context: click.Context, option: click.Parameter, asked: bool) -> None:
    """Let rich-click draw the help; whoever wants a capture summarized does not wait for it."""
    if asked:
        from rich_click import RichCommand

        declared = context.command
        drawn = RichCommand(
            name=declared.name,
            params=[parameter for parameter in declared.params if parameter is not option],
            help=declared.help,
            epilog=declared.epilog,
            context_settings={"help_option_names": option.opts},
        )
        drawn.main(["--help"], context.info_name)


@click.command(epilog=_EPILOG, add_help_option=False)
@click.argument("file", metavar="FILE")
@click.option(
    "-i",
    "input_type",
    default="pcap",
    show_default=True,
    metavar="INPUT",
    help="Input type that reads FILE.",
)
@click.option(
    "-b", "bpf", default="", metavar="BPF", help="Count only packets this filter accepts."
)
@click.option(
    "-H",
    "host_spec",
    default="",
    metavar="HOSTSPEC",
    help="Prefixes of our hosts, comma separated; packets to them are in, from them out.",
)
@click.option(
    "--periods",
    type=click.IntRange(1, MOST_PERIODS),
    default=5,
    show_default=True,
    help="Minutes to keep, the last ones of the file; 1 puts the whole file into one.",
)
@click.option(
    "--max-deep-sample",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="Percent of packets to look at closely.",
)
@click.option(
    "--config",
    metavar="FILE",
    help="Run the policies of this configuration over the capture instead, whatever their taps are"
    " attached to; hosts and filters are those of taps and policies.",
)
@click.option("--geo-city", metavar="FILE", help="City database (MaxMind DB) for places.")
@click.option("--geo-asn", metavar="FILE", help="ASN or ISP database (MaxMind DB) for networks.")
@click.option("--summary", is_flag=True, help="Print tables for people instead of JSON.")
@click.option(
    "--disable-plugin",
    "disabled",
    multiple=True,
    metavar="NAME",
    help=DISABLE_PLUGIN,
)
@click.option("--module-dir", metavar="DIR", help=MODULE_DIR)
@click.option("-v", "verbose", is_flag=True, help="Say more on standard error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _version(context) if asked else None,
    help="Show the version, and how the kernels were built.",
)
@click.option(
    "-h",
    "--help",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_help,
    help="Show this message and exit.",
)
def main(  # noqa: PLR0913, PLR0917 - one argument for each option
    file: str,
    input_type: str,
    bpf: str,
    host_spec: str,
    periods: int,
    max_deep_sample: int,
    config: str | None,
    geo_city: str | None,
    geo_asn: str | None,
    summary: bool,
    disabled: tuple[str, ...],
    module_dir: str | None,
    verbose: bool,
) -> None:
    """Summarize the traffic in FILE (pcap, pcapng; also gz, bz2, xz, zst; - is standard input).

    The summary is one line of JSON on standard output; everything else goes to standard error.
    """
    # From here, not from imports inside imports: CPython 3.11 maps another piece of its stack where
    # they get so deep, and unmaps it, at each call across that border: a thousand times in numpy.
    import numpy as np  # noqa: F401

    from pktvisor import PolicySettings, summarize
    from pktvisor_pcap.progress import watching

    plugins = _load_plugins(disabled, module_dir, verbose=verbose)
    if config is not None and (bpf or host_spec):
        _end("-b and -H do not go with --config; filters and hosts are in taps and policies")
    options = _input_options(input_type, bpf)
    _check(bpf, host_spec)
    if file == "-":
        signal.signal(signal.SIGINT, _wait_for_the_end)
    gc.freeze()
    gc.enable()
    settings = PolicySettings(periods=periods, deep_sample_rate=max_deep_sample)
    shared: dict[str, Any] = {"geo_city": geo_city, "geo_asn": geo_asn, "plugins": plugins}
    opened: list[InputStream] = []
    try:
        with watching(file) as shown:
            watch = _remembering(opened, shown)
            if config is not None:
                from pktvisor_pcap.policy_run import run_policies

                results = run_policies(config, file, defaults=settings, watch=watch, **shared)
            else:
                result = summarize(
                    file,
                    _default_handlers(plugins, input_type.lower()),
                    host_spec,
                    input_type=input_type.lower(),
                    options=options,
                    settings=settings,
                    watch=watch,
                    **shared,
                )
                results = [result]
    except KeyboardInterrupt:
        _end("interrupted", EXIT_INTERRUPTED)
    except (ValueError, LookupError, OSError) as error:
        _end(str(error.args[0]) if isinstance(error, LookupError) else str(error))
    for result in results:
        _report(result, verbose, named=len(results) > 1)
    if config is None:
        _report_left_out(results[0], opened)
    _print(results, summary=summary, by_policy=config is not None)
    problems = dict.fromkeys(result.problem for result in results if result.problem is not None)
    for problem in problems:
        click.echo(f"pktvisor-pcap: {problem}", err=True)
    if problems:
        sys.exit(EXIT_PARTIAL)


def _load_plugins(disabled: tuple[str, ...], module_dir: str | None, *, verbose: bool) -> Plugins:
    from pktvisor.plugins import Plugins

    try:
        plugins = Plugins(disabled, module_dir=module_dir)
    except ValueError as error:
        _end(str(error))
    for record in plugins.records if verbose else ():
        if record not in plugins.broken():  # those are in the log, which goes there too
            click.echo(str(record), err=True)
    return plugins


def _input_options(input_type: str, bpf: str) -> dict[str, object]:
    if input_type.lower() == "pcap":
        return {"bpf": bpf}
    if bpf:
        _end(f"-b applies to input pcap only, not to {input_type!r}")
    return {}


def _remembering(
    opened: list[InputStream], shown: Callable[[InputStream], None] | None
) -> Callable[[InputStream], None]:
    """To call after each batch: keeps the stream at hand, and moves the progress bar."""

    def watch(stream: InputStream) -> None:
        opened[:] = [stream]
        if shown is not None:
            shown(stream)

    return watch


def _check(bpf: str, host_spec: str) -> None:
    """Refuse by the option's name what a tap would refuse by its key."""
    try:
        if bpf:
            from pktvisor_pcap.filters import PacketFilter

            PacketFilter(bpf)
    except ValueError as error:
        _end(f"-b {bpf!r}: {str(error).removeprefix(f'filter {bpf!r}: ')}")
    try:
        if host_spec:
            from pktvisor.batches import Hosts

            Hosts.parse(host_spec)
    except ValueError as error:
        _end(f"-H: {str(error).removeprefix('host spec: ')}")


def _print(results: list[Snapshot], *, summary: bool, by_policy: bool) -> None:
    if summary:
        from pktvisor.exposition.tables import print_tables

        for result in results:
            print_tables(result)
    elif by_policy:
        from pktvisor.exposition.json import dumps

        click.echo(dumps({result.policy: result.by_handler() for result in results}))
    else:
        click.echo(results[0].to_json())


def _version(context: click.Context) -> None:
    from pktvisor.kernels import describe_kernels

    click.echo(f"{context.info_name} {__version__}, {describe_kernels()}")
    context.exit()


def _default_handlers(plugins: Plugins, input_type: str) -> list[str]:
    emits = plugins.input(input_type).emits
    readers = {spec.name for spec in plugins.handlers_for(emits)}
    chosen = [name for name in DEFAULT_HANDLERS if name in readers]
    if not chosen:
        raise LookupError(
            f"no handler for input {input_type!r} is installed; install one of pktvisor-net,"
            " pktvisor-dns, pktvisor-dhcp"
        )
    return chosen


def _report(result: Snapshot, verbose: bool, *, named: bool) -> None:
    counts = result.stream
    packets = "1 packet" if counts["processed"] == 1 else f"{counts['processed']} packets"
    taps = ", ".join(dict.fromkeys(handler.tap for handler in result.handlers.values()))
    whose = f"policy {result.policy}, tap {taps}: " if named else ""
    click.echo(
        f"{whose}processed {packets}: {counts['malformed']} malformed,"
        f" {counts['truncated']} truncated, {counts['unsupported']} of unsupported link types",
        err=True,
    )
    if verbose:
        for name, value in sorted(counts.items()):
            click.echo(f"{name}: {value}", err=True)


def _report_left_out(result: Snapshot, opened: list[InputStream]) -> None:
    """Say how much of the file is older than the periods that are kept."""
    kept = [handler for handler in result.handlers.values() if handler.periods > 1]
    first_ns = getattr(opened[0], "first_ns", None) if opened else None
    if not kept or first_ns is None:
        return
    starts = [bucket.start_ns for handler in kept for bucket in handler.buckets if bucket.start_ns]
    left_out_s = (min(starts, default=0) - first_ns) // 1_000_000_000
    if left_out_s > 0:
        more = "" if kept[0].periods == MOST_PERIODS else f"--periods keeps up to {MOST_PERIODS}, "
        click.echo(
            f"pktvisor-pcap: the first {left_out_s} s of the file are not in the summary, which is of"
            f" its last {kept[0].periods} periods; {more}--periods 1 puts the whole file into one",
            err=True,
        )


def _wait_for_the_end(_number: int, _frame: object) -> None:
    """Ctrl-C ends what writes into our pipe: take what it still writes. The second one ends us."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(reason: str, code: int = EXIT_REFUSED) -> NoReturn:
    click.echo(f"pktvisor-pcap: {reason}", err=True)
    sys.exit(code)


def run() -> None:
    """Run the command as its console scripts do: what is wrong is one line, whatever it is."""
    try:
        main.main(standalone_mode=False)
    except click.ClickException as error:
        _end(f"{error.format_message().rstrip('.')}; see pktvisor-pcap --help")
    except OSError as error:
        _end(f"standard output: {error.strerror}", EXIT_UNWRITTEN)
