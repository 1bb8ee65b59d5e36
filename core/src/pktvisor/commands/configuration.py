"""What `pktvisord` and `pktvisor validate` make of a configuration file, the same for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from typing import TYPE_CHECKING, Any

from pktvisor.commands.daemon_settings import DaemonSettings, declared
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError, shown

if TYPE_CHECKING:
    from pktvisor.commands.otlp_push import Collector

__all__ = ["SettingError", "collector", "load_plugins", "merged", "read_settings"]

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
    settings = merged(given, options)
    try:
        collector(settings)
    except ValueError as error:
        if "otel" in options:
            raise ConfigError(str(error), ("visor", "config", "otel")) from None
        raise SettingError(str(error)) from None
    return settings


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
