"""What `pktvisord` can be told: one declaration is option, config key, default and help.

A value comes from the command line, else from `visor.config` of the config file, else from here.
Flags add up: what the file switches on, the command line cannot switch off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields
from typing import Any

from pktvisor.plugin_options import DISABLE_PLUGIN, MODULE_DIR

__all__ = ["DaemonSettings", "declared"]


def _option(
    *flags: str,
    default: Any,
    help: str,
    group: str,
    metavar: str = "",
    limits: tuple[int, int] | None = None,
    in_file: bool = True,
    names: tuple[str, ...] = (),
) -> Any:
    """A setting; `names` are further config keys, `in_file` whether it has any."""
    metadata = {
        "flags": flags,
        "help": help,
        "group": group,
        "metavar": metavar,
        "limits": limits,
        "in_file": in_file,
        "names": names,
    }
    return field(default=default, metadata=metadata)


_WEB = "Web server"
_ACCESS = "Who may change what"
_CAPTURE = "Capture and metrics"
_PLUGINS = "Plugins"
_OTLP = "OpenTelemetry"
_PROCESS = "Process"
_COMPATIBLE = "Accepted for compatibility"


@dataclass(frozen=True)
class DaemonSettings:
    """All settings of the daemon, in the order of its help."""

    bpf: str = _option(
        "-b",
        default="",
        metavar="BPF",
        group=_CAPTURE,
        in_file=False,
        help="Count only packets of IFACE this filter accepts.",
    )
    host_spec: str = _option(
        "-H",
        default="",
        metavar="HOSTSPEC",
        group=_CAPTURE,
        in_file=False,
        help="Prefixes of our hosts, comma separated, beside the addresses of an interface.",
    )
    config: str | None = _option(
        "--config",
        default=None,
        metavar="FILE",
        group=_CAPTURE,
        in_file=False,
        help="Taps, policies and these settings (YAML); SIGHUP reads it again.",
    )
    periods: int = _option(
        "--periods",
        default=5,
        metavar="P",
        limits=(1, 10),
        group=_CAPTURE,
        help="Minutes to keep, where a policy does not say.",
    )
    max_deep_sample: int = _option(
        "--max-deep-sample",
        default=100,
        metavar="N",
        limits=(1, 100),
        group=_CAPTURE,
        help="Percent of packets to look at closely, where a policy does not say.",
    )
    geo_city: str | None = _option(
        "--geo-city",
        default=None,
        metavar="FILE",
        group=_CAPTURE,
        help="City database (MaxMind DB) for places.",
    )
    geo_asn: str | None = _option(
        "--geo-asn",
        default=None,
        metavar="FILE",
        group=_CAPTURE,
        help="ASN or ISP database (MaxMind DB) for networks.",
    )
    default_geo_city: str | None = _option(
        "--default-geo-city",
        default=None,
        metavar="FILE",
        group=_CAPTURE,
        help="City database if no other is given.",
    )
    default_geo_asn: str | None = _option(
        "--default-geo-asn",
        default=None,
        metavar="FILE",
        group=_CAPTURE,
        help="ASN database if no other is given.",
    )
    geo_cache_size: int = _option(
        "--geo-cache-size",
        default=10000,
        metavar="N",
        limits=(0, 2**31 - 1),
        group=_CAPTURE,
        help="Records to keep decoded, per database; 0 keeps none.",
    )
    host: str = _option(
        "-l",
        default="localhost",
        metavar="HOST",
        group=_WEB,
        help="Name or address to listen on.",
    )
    port: int = _option(
        "-p",
        default=10853,
        metavar="PORT",
        limits=(0, 65535),
        group=_WEB,
        help="Port to listen on.",
    )
    tls: bool = _option("--tls", default=False, group=_WEB, help="Answer in HTTPS.")
    tls_cert: str | None = _option(
        "--tls-cert",
        default=None,
        metavar="FILE",
        group=_WEB,
        help="Certificate chain (PEM), needed with --tls.",
    )
    tls_key: str | None = _option(
        "--tls-key",
        default=None,
        metavar="FILE",
        group=_WEB,
        help="Its key (PEM), needed with --tls.",
    )
    prom_instance: str | None = _option(
        "--prom-instance",
        default=None,
        metavar="ID",
        group=_WEB,
        help="Label instance of all Prometheus lines.",
    )
    admin_api: bool = _option(
        "--admin-api",
        "--full-api",
        default=False,
        group=_ACCESS,
        names=("full_api",),
        help="Let the API change things.",
    )
    token_file: str | None = _option(
        "--token-file",
        default=None,
        metavar="FILE",
        group=_ACCESS,
        help="A file with the token asked of requests that change things"
        " (or environment PKTVISOR_TOKEN).",
    )
    allow_tokenless: bool = _option(
        "--allow-tokenless",
        default=False,
        group=_ACCESS,
        help="Let everyone who reaches a listen address that is not local change things.",
    )
    allow_host: tuple[str, ...] = _option(
        "--allow-host",
        default=(),
        metavar="NAME",
        group=_ACCESS,
        help="A further name requests may be addressed to; * allows all.",
    )
    allow_path: tuple[str, ...] = _option(
        "--allow-path",
        default=(),
        metavar="DIR",
        group=_ACCESS,
        help="A folder whose files taps of the API may read.",
    )
    allow_bind: tuple[str, ...] = _option(
        "--allow-bind",
        default=(),
        metavar="ADDR",
        group=_ACCESS,
        help="An address taps of the API may listen on, beside local ones.",
    )
    daemon: bool = _option("-d", default=False, group=_PROCESS, help="Go to the background.")
    verbose: bool = _option("-v", default=False, group=_PROCESS, help="Log more.")
    log_file: str | None = _option(
        "--log-file", default=None, metavar="FILE", group=_PROCESS, help="Log to a file."
    )
    syslog: bool = _option("--syslog", default=False, group=_PROCESS, help="Log to syslog.")
    user: str | None = _option(
        "--user",
        default=None,
        metavar="NAME",
        group=_PROCESS,
        help="Started as root, become this user once captures are open, keeping CAP_NET_RAW"
        " only.  [default: pktvisor, else nobody]",
    )
    drop_all: bool = _option(
        "--drop-all",
        default=False,
        group=_PROCESS,
        help="Give up CAP_NET_RAW too: no further captures can be opened.",
    )
    disable_plugin: tuple[str, ...] = _option(
        "--disable-plugin",
        default=(),
        metavar="NAME",
        group=_PLUGINS,
        help=DISABLE_PLUGIN,
    )
    handler_errors: int = _option(
        "--handler-errors",
        default=10,
        metavar="N",
        limits=(0, 1_000_000),
        group=_PLUGINS,
        help="Stop a handler that fails on so many batches within some seconds; 0: never.",
    )
    handler_errors_seconds: int = _option(
        "--handler-errors-seconds",
        default=60,
        metavar="S",
        limits=(1, 86400),
        group=_PLUGINS,
        help="The seconds in which that many errors stop a handler.",
    )
    module_list: bool = _option(
        "--module-list",
        default=False,
        group=_PLUGINS,
        help="List inputs, handlers and sinks, and exit.",
    )
    module_dir: str | None = _option(
        "--module-dir",
        default=None,
        metavar="DIR",
        group=_PLUGINS,
        help=MODULE_DIR,
    )
    prometheus: bool = _option(
        "--prometheus", default=False, group=_COMPATIBLE, help="/metrics is always there."
    )
    no_track: bool = _option(
        "--no-track", default=False, group=_COMPATIBLE, help="Nothing is ever sent home."
    )
    cp_disable: bool = _option(
        "--cp-disable", default=False, group=_COMPATIBLE, help="There is no crash reporter."
    )
    cp_token: str | None = _option(
        "--cp-token", default=None, metavar="TOKEN", group=_COMPATIBLE, help="The same."
    )
    cp_url: str | None = _option(
        "--cp-url", default=None, metavar="URL", group=_COMPATIBLE, help="The same."
    )
    cp_custom: str | None = _option(
        "--cp-custom", default=None, metavar="TEXT", group=_COMPATIBLE, help="The same."
    )
    cp_path: str | None = _option(
        "--cp-path", default=None, metavar="PATH", group=_COMPATIBLE, help="The same."
    )
    otel: bool = _option(
        "--otel",
        default=False,
        group=_OTLP,
        help="Push metrics to an OpenTelemetry collector (OTLP over HTTP).",
    )
    otel_host: str = _option(
        "--otel-host",
        default="localhost",
        metavar="HOST",
        group=_OTLP,
        help="Name or address of the collector.",
    )
    otel_path: str = _option(
        "--otel-path",
        default="/v1/metrics",
        metavar="PATH",
        group=_OTLP,
        help="Path of the collector's metrics.",
    )
    otel_port: int = _option(
        "--otel-port",
        default=4318,
        metavar="PORT",
        limits=(1, 65535),
        group=_OTLP,
        help="Port of the collector.",
    )
    otel_interval: int = _option(
        "--otel-interval",
        default=60,
        metavar="S",
        limits=(1, 86400),
        group=_OTLP,
        help="Seconds between pushes.",
    )
    otel_tls: bool = _option(
        "--otel-tls",
        default=False,
        group=_OTLP,
        help="Push over TLS; needs the next two.",
    )
    otel_tls_cert: str | None = _option(
        "--otel-tls-cert",
        default=None,
        metavar="FILE",
        group=_OTLP,
        help="Our certificate, PEM.",
    )
    otel_tls_key: str | None = _option(
        "--otel-tls-key",
        default=None,
        metavar="FILE",
        group=_OTLP,
        help="Its key, PEM.",
    )
    iana_service_port_registry: str | None = _option(
        "--iana-service-port-registry",
        default=None,
        metavar="FILE",
        group=_COMPATIBLE,
        help="Names of services for the handler flow.",
    )
    default_service_registry: str | None = _option(
        "--default-service-registry",
        default=None,
        metavar="FILE",
        group=_COMPATIBLE,
        help="The same.",
    )


def declared() -> Iterable[Field[Any]]:
    """The settings' declarations, in order."""
    return fields(DaemonSettings)
