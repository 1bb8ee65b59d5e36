"""What `pktvisord` and `pktvisor validate` make of a configuration file, the same for both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field
from functools import partial
from typing import TYPE_CHECKING, Any

from pktvisor.batches import Hosts
from pktvisor.commands.daemon_settings import DaemonSettings, declared
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError, shown

if TYPE_CHECKING:
    from pktvisor.commands.otlp_push import Collector
    from pktvisor.geo import Kind
    from pktvisor.policies.document import Document

__all__ = [
    "TOKEN_VARIABLE",
    "SettingError",
    "check_settings",
    "collector",
    "load_plugins",
    "located",
    "merged",
    "read_settings",
]

TOKEN_VARIABLE = "PKTVISOR_TOKEN"  # noqa: S105 - the name of a variable

_TRUE = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class SettingError(ValueError):
    """An option or config key that cannot be: one line."""


def read_settings(options: Mapping[str, Any], given: Mapping[str, Any]) -> DaemonSettings:
    """The settings in a file (`visor.config`), and those `given` on the command line.

    Raises ConfigError with the place in the file, SettingError for the command line.
    """
    for key, value in options.items():
        try:
            merged({}, {key: value})
        except SettingError as error:
            place = ("visor", "config", key)
            raise ConfigError(str(error).removeprefix(f"visor.config.{key}: "), place) from None
    return merged(given, options)


def check_settings(
    settings: DaemonSettings, options: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Refuse settings that cannot work together, or here.

    Raises as `read_settings` does; `options` and `given` are what the settings come from.
    """
    for keys, check in (
        (("host_spec",), _check_hosts),
        (("tls",), _check_tls),
        (("geo_city", "default_geo_city"), partial(_check_database, kind="city")),
        (("geo_asn", "default_geo_asn"), partial(_check_database, kind="asn")),
        (("admin_api", "full_api"), _check_token),
        (("otel",), collector),
    ):
        try:
            check(settings)
        except ValueError as error:
            in_file = [key for key in keys if key in options and not given.get(key)]
            if in_file:
                raise ConfigError(str(error), ("visor", "config", in_file[0])) from None
            raise SettingError(str(error)) from None


def located(error: ConfigError, file: str, read: Document | None = None) -> str:
    """The text of an error in a file, with the file and, where it is known, the line in front."""
    line = error.line or (read.loaded.line(error.path) if read is not None else None)
    return f"{file}:{line}: {error}" if line else f"{file}: {error}"


def _check_hosts(settings: DaemonSettings) -> None:
    try:
        Hosts.parse(settings.host_spec)
    except ValueError as error:
        raise ValueError(str(error).replace("host spec", "-H", 1)) from None


def _check_tls(settings: DaemonSettings) -> None:
    if not settings.tls:
        return
    if not (settings.tls_cert and settings.tls_key):
        raise ValueError("--tls needs --tls-cert and --tls-key")
    from pktvisor.api.server import tls_context

    tls_context(settings.tls_cert, settings.tls_key)


def _check_database(settings: DaemonSettings, kind: Kind) -> None:
    for key in (f"geo_{kind}", f"default_geo_{kind}"):
        if named := getattr(settings, key):
            from pktvisor.geo import GeoDatabase, GeoError

            try:
                GeoDatabase.open(named, kind)
            except GeoError as error:
                raise ValueError(f"--{key.replace('_', '-')} {error}") from None
            return


def _check_token(settings: DaemonSettings) -> None:
    from pktvisor.api.access import is_loopback

    if not settings.admin_api or settings.allow_tokenless or is_loopback(settings.host):
        return
    if settings.token_file is None and not os.environ.get(TOKEN_VARIABLE):
        raise ValueError(
            f"--full-api on {settings.host}, which is not local, needs a token:"
            f" --token-file FILE or {TOKEN_VARIABLE}; --allow-tokenless does without"
        )


def collector(settings: DaemonSettings) -> Collector | None:
    """Where metrics are pushed, None for nowhere. Raises ValueError for what cannot work."""
    if not settings.otel:
        return None
    from pktvisor.commands.otlp_push import collector_of

    return collector_of(
        settings.otel_host,
        settings.otel_port,
        settings.otel_path,
        settings.otel_interval,
        (settings.otel_tls_cert, settings.otel_tls_key) if settings.otel_tls else None,
    )


def load_plugins(settings: DaemonSettings) -> Plugins:
    """The plugins that can be used: one whose code cannot be imported is disabled and logged.

    Raises ValueError when the folder of modules is not one to load from.
    """
    plugins = Plugins(settings.disable_plugin, module_dir=settings.module_dir)
    plugins.preload()
    return plugins


def merged(given: Mapping[str, Any], in_file: Mapping[str, Any]) -> DaemonSettings:
    """Settings from the options that were given (None: not) and the config file's `visor.config`.

    Raises SettingError naming the key and what is allowed.
    """
    by_key = {
        name: setting
        for setting in declared()
        if setting.metadata["in_file"]
        for name in (setting.name, *setting.metadata["names"])
    }
    values: dict[str, Any] = {}
    for key, value in in_file.items():
        if key not in by_key:
            raise SettingError(f"visor.config.{key}: unknown key; allowed are {', '.join(by_key)}")
        setting = by_key[key]
        read = _read(setting, f"visor.config.{key}", value)
        # Two names of one flag add up, as they do on the command line.
        values[setting.name] = read or values.get(setting.name, read)
    values |= {key: value for key, value in given.items() if value not in (None, False, ())}
    return DaemonSettings(**values)


def _read(setting: Field[Any], where: str, value: Any) -> Any:
    """A value of the file, which is text, a list of texts or something nested."""
    kind = str(setting.type)
    if kind.startswith("tuple"):
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return tuple(items)
        raise SettingError(f"{where}: must be a text or a list of texts")
    if not isinstance(value, str):
        raise SettingError(f"{where}: must be a single value")
    if kind == "bool":
        if value.lower() not in _TRUE:
            raise SettingError(f"{where}: {shown(value)} is neither true nor false")
        return _TRUE[value.lower()]
    if kind == "int":
        low, high = setting.metadata["limits"]
        digits = value.lstrip("0") or "0" if value.isascii() and value.isdigit() else ""
        if not digits or len(digits) > len(str(high)) or not low <= int(digits) <= high:
            raise SettingError(f"{where}: {shown(value)}: allowed is a number from {low} to {high}")
        return int(digits)
    return value
