"""Load plugins one by one; a broken one is disabled with its reason and the rest works."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, TypeVar

import pluggy

from pktvisor import hookspecs
from pktvisor.batches import Table
from pktvisor.discovery import Found, find_plugins
from pktvisor.streams.specs import API_VERSION, HandlerSpec, InputSpec, SinkSpec

__all__ = ["PluginRecord", "Plugins"]

_log = logging.getLogger(__name__)

AnySpec = TypeVar("AnySpec", InputSpec, HandlerSpec, SinkSpec)


@dataclass(frozen=True)
class PluginRecord:
    """What became of one plugin: `state` is `active` or `disabled`, then with a `reason`."""

    name: str
    distribution: str
    version: str
    state: str
    reason: str = ""
    provides: tuple[str, ...] = ()

    def __str__(self) -> str:
        who = f"plugin {self.name!r}" if self.name else "entry points"
        line = f"{who} of {self.distribution} {self.version}".rstrip()
        return f"{line}: {self.state}" + (f": {self.reason}" if self.reason else "")


class Plugins:
    """The inputs, handlers and sinks that are installed, by name and version.

    `PKTVISOR_DISABLE_PLUGIN_AUTOLOAD=1` leaves entry points alone; `disabled` names plugins that
    are not to be loaded.
    """

    def __init__(self, disabled: Iterable[str] = (), *, autoload: bool | None = None) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._disabled = frozenset(disabled)
        self.records: list[PluginRecord] = []
        self.inputs: dict[tuple[str, str], InputSpec] = {}
        self.handlers: dict[tuple[str, str], HandlerSpec] = {}
        self.sinks: dict[tuple[str, str], SinkSpec] = {}
        if autoload is None:
            autoload = not os.environ.get("PKTVISOR_DISABLE_PLUGIN_AUTOLOAD")
        if autoload:
            for found in find_plugins():
                self._load(found)

    def register(self, plugin: Any, name: str, distribution: str = "", version: str = "") -> None:
        """Take in a plugin object (module) by hand; what is wrong with it is recorded."""
        self._admit(plugin, PluginRecord(name, distribution, version, "active"))

    def broken(self) -> list[PluginRecord]:
        """The records of plugins that failed; those switched off on purpose are not among them."""
        return [r for r in self.records if r.state == "disabled" and r.reason != "switched off"]

    def input(self, name: str, version: str | None = None) -> InputSpec:
        """An input type by name; the lowest version unless one is given. LookupError if missing."""
        return _pick("input", self.inputs, name, version)

    def handler(self, name: str, version: str | None = None) -> HandlerSpec:
        """A handler type by name; the lowest version unless one is given. LookupError if missing."""
        return _pick("handler", self.handlers, name, version)

    def sink(self, name: str, version: str | None = None) -> SinkSpec:
        """A sink type by name; the lowest version unless one is given. LookupError if missing."""
        return _pick("sink", self.sinks, name, version)

    def handlers_for(self, batch: type[Table]) -> list[HandlerSpec]:
        """The lowest version of every installed handler that accepts a batch type, by name."""
        chosen: dict[str, HandlerSpec] = {}
        for (name, _), spec in sorted(self.handlers.items()):
            if batch in spec.accepts:
                chosen.setdefault(name, spec)
        return list(chosen.values())

    def _load(self, found: Found) -> None:
        record = PluginRecord(found.name, found.distribution, found.version, "active")
        if found.reason:
            self._disable(record, found.reason)
        elif found.name in self._disabled:
            self._disable(record, "switched off")
        else:
            module, _, attribute = found.target.partition(":")
            try:
                plugin: Any = import_module(module)
                for part in filter(None, attribute.split(".")):
                    plugin = getattr(plugin, part)
            except (Exception, SystemExit) as error:
                self._disable(record, f"import failed: {type(error).__name__}: {error}")
            else:
                self._admit(plugin, record)

    def _admit(self, plugin: Any, record: PluginRecord) -> None:
        inputs, handlers, sinks = dict(self.inputs), dict(self.handlers), dict(self.sinks)
        try:
            self._manager.register(plugin, name=record.name)
            provides = [
                *_collect(plugin, "pktvisor_inputs", InputSpec, inputs),
                *_collect(plugin, "pktvisor_handlers", HandlerSpec, handlers),
                *_collect(plugin, "pktvisor_sinks", SinkSpec, sinks),
            ]
            unknown = [
                caller.name
                for caller in self._manager.get_hookcallers(plugin) or ()
                if not caller.has_spec()
            ]
            if unknown:
                raise ValueError(f"unknown hook {', '.join(unknown)}")
        except Exception as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            self._disable(record, f"{type(error).__name__}: {error}")
            return
        self.inputs, self.handlers, self.sinks = inputs, handlers, sinks
        self.records.append(replace(record, provides=tuple(provides)))

    def _disable(self, record: PluginRecord, reason: str) -> None:
        record = replace(record, state="disabled", reason=" ".join(reason.split()))
        self.records.append(record)
        _log.warning("%s", record)


def _collect(
    plugin: Any, hook: str, kind: type[AnySpec], known: dict[tuple[str, str], AnySpec]
) -> list[str]:
    """Call one plugin's hook and add its specs to `known`; ValueError names what is not allowed."""
    names = []
    for spec in getattr(plugin, hook, lambda: ())():
        if not isinstance(spec, kind):
            raise ValueError(f"{hook} yielded {spec!r}; allowed is {kind.__name__}")
        if spec.api_version != API_VERSION:
            raise ValueError(
                f"{spec.name} is written for plugin API {spec.api_version}; this is {API_VERSION}"
            )
        key = (spec.name, spec.version)
        if key in known:
            raise ValueError(f"{kind.__name__} {spec.name} {spec.version} is declared already")
        known[key] = spec
        names.append(f"{kind.__name__.removesuffix('Spec').lower()} {spec.name} {spec.version}")
    return names


def _pick(
    kind: str, known: dict[tuple[str, str], AnySpec], name: str, version: str | None
) -> AnySpec:
    versions = sorted(v for n, v in known if n == name)
    if not versions:
        installed = ", ".join(sorted({n for n, _ in known})) or "none"
        raise LookupError(f"no {kind} {name!r} is installed; installed are: {installed}")
    if version is not None and version not in versions:
        raise LookupError(
            f"{kind} {name!r} has no version {version}; installed are: {', '.join(versions)}"
        )
    return known[name, version or versions[0]]
