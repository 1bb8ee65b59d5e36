"""Load plugins one by one; a broken one is disabled with its reason and the rest works."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, TypeVar

import pluggy

from pktvisor import hookspecs
from pktvisor.batches import Table
from pktvisor.discovery import Found, find_plugins
from pktvisor.later import later_logger
from pktvisor.module_folder import find_modules
from pktvisor.streams.specs import API_VERSION, HandlerSpec, InputSpec, SinkSpec, resolve

__all__ = ["Kind", "PluginRecord", "Plugins", "Spec", "versions_of"]

_log = later_logger(__name__)

_SWITCHED_OFF = "switched off"

Kind = Literal["input", "handler", "sink"]
Spec = InputSpec | HandlerSpec | SinkSpec
AnySpec = TypeVar("AnySpec", bound=Spec)

_KINDS: Mapping[Kind, type[Spec]] = {"input": InputSpec, "handler": HandlerSpec, "sink": SinkSpec}


@dataclass(frozen=True, repr=False)
class PluginRecord:
    """What became of one plugin: `state` is `active` or `disabled`, then with a `reason`.

    The `distribution` of a plain module is the folder it is in.
    """

    name: str
    distribution: str
    version: str
    state: str
    reason: str
    provides: tuple[str, ...]

    def __str__(self) -> str:
        who = f"plugin {self.name!r}" if self.name else "entry points"
        line = f"{who} of {self.distribution} {self.version}".rstrip()
        return f"{line}: {self.state}" + (f": {self.reason}" if self.reason else "")


class Plugins:
    """The inputs, handlers and sinks that are installed, by name and version.

    `PKTVISOR_DISABLE_PLUGIN_AUTOLOAD=1` leaves entry points alone; `module_dir` is a folder of
    plain modules that are plugins too; `disabled` names those that are not to be loaded. Raises
    ValueError when the folder is not there, or others may write to it.
    """

    def __init__(
        self,
        disabled: Iterable[str] = (),
        *,
        autoload: bool | None = None,
        module_dir: str | None = None,
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._disabled = frozenset(disabled)
        self.records: list[PluginRecord] = []
        self.inputs: dict[tuple[str, str], InputSpec] = {}
        self.handlers: dict[tuple[str, str], HandlerSpec] = {}
        self.sinks: dict[tuple[str, str], SinkSpec] = {}
        self._specs: dict[PluginRecord, tuple[Spec, ...]] = {}
        if autoload is None:
            autoload = not os.environ.get("PKTVISOR_DISABLE_PLUGIN_AUTOLOAD")
        for found in find_plugins() if autoload else ():
            self._load(found)
        for found in find_modules(module_dir) if module_dir is not None else ():
            self._load(found)
        for name in sorted(self._disabled - {record.name for record in self.records}):
            _log.warning("plugin %r is not there to be disabled", name)

    def register(self, plugin: Any, name: str, distribution: str = "", version: str = "") -> None:
        """Take in a plugin object (module) by hand; what is wrong with it is recorded."""
        self._admit(plugin, PluginRecord(name, distribution, version, "active", "", ()))

    def preload(self) -> None:
        """Import what factories name; a plugin of which one is not there is disabled and logged."""
        for record, specs in list(self._specs.items()):
            for spec in specs:
                try:
                    resolve(spec.factory)
                except (Exception, SystemExit) as error:
                    self._withdraw(record, f"{_offer(spec)}: {type(error).__name__}: {error}")
                    break

    def specs(self, record: PluginRecord) -> tuple[Spec, ...]:
        """What a plugin declares; nothing once it is disabled."""
        return self._specs.get(record, ())

    def origin(self, spec: Spec) -> PluginRecord:
        """The plugin that declares a type which is installed."""
        return next(record for record, specs in self._specs.items() if spec in specs)

    def types(self, kind: Kind) -> dict[str, dict[str, Spec]]:
        """Every type of a kind by name, and each of its versions, the lowest first."""
        known: Mapping[Kind, Mapping[tuple[str, str], Spec]] = {
            "input": self.inputs,
            "handler": self.handlers,
            "sink": self.sinks,
        }
        return _by_name(known[kind])

    def broken(self) -> list[PluginRecord]:
        """The records of plugins that failed; those switched off on purpose are not among them."""
        return [r for r in self.records if r.state == "disabled" and r.reason != _SWITCHED_OFF]

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
        chosen = []
        for versions in _by_name(self.handlers).values():
            chosen += [spec for spec in versions.values() if batch in spec.accepts][:1]
        return chosen

    def _load(self, found: Found) -> None:
        record = PluginRecord(found.name, found.distribution, found.version, "active", "", ())
        if found.reason:
            self._disable(record, found.reason)
        elif found.name in self._disabled:
            self._disable(record, _SWITCHED_OFF)
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
            specs: tuple[Spec, ...] = (
                *self._collect(plugin, "pktvisor_inputs", InputSpec, inputs),
                *self._collect(plugin, "pktvisor_handlers", HandlerSpec, handlers),
                *self._collect(plugin, "pktvisor_sinks", SinkSpec, sinks),
            )
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
        record = replace(record, provides=tuple(map(_offer, specs)))
        self.records.append(record)
        self._specs[record] = specs

    def _collect(
        self, plugin: Any, hook: str, kind: type[AnySpec], known: dict[tuple[str, str], AnySpec]
    ) -> list[AnySpec]:
        """Call a plugin's hook and add its specs to `known`; ValueError names what is not allowed."""
        found = []
        for spec in getattr(plugin, hook, lambda: ())():
            if not isinstance(spec, kind):
                raise ValueError(f"{hook} yielded {spec!r}; allowed is {kind.__name__}")
            if spec.api_version != API_VERSION:
                raise ValueError(
                    f"{spec.name} is written for plugin API {spec.api_version}; this is"
                    f" {API_VERSION}"
                )
            if (spec.name, spec.version) in known:
                by = self._by(known[spec.name, spec.version])
                raise ValueError(f"{_offer(spec)} is declared already{by}")
            known[spec.name, spec.version] = spec
            found.append(spec)
        return found

    def _by(self, spec: Spec) -> str:
        """Which plugin offers a type, for an error text; nothing if it is the one being loaded."""
        for record, specs in self._specs.items():
            if any(spec is other for other in specs):
                return f" by plugin {record.name!r} of {record.distribution} {record.version}"
        return ""

    def _withdraw(self, record: PluginRecord, reason: str) -> None:
        """Disable a plugin that was active, and forget what it offers."""
        lost = self._specs.pop(record)
        self.inputs = {key: spec for key, spec in self.inputs.items() if spec not in lost}
        self.handlers = {key: spec for key, spec in self.handlers.items() if spec not in lost}
        self.sinks = {key: spec for key, spec in self.sinks.items() if spec not in lost}
        self.records.remove(record)
        self._disable(replace(record, provides=()), reason)

    def _disable(self, record: PluginRecord, reason: str) -> None:
        record = replace(record, state="disabled", reason=" ".join(reason.split()))
        self.records.append(record)
        (_log.info if reason == _SWITCHED_OFF else _log.warning)("%s", record)


def versions_of(known: Mapping[tuple[str, str], AnySpec], name: str) -> dict[str, AnySpec]:
    """The versions of a type, the lowest first; none if it is not installed."""
    return _by_name(known).get(name, {})


def _pick(
    kind: str, known: dict[tuple[str, str], AnySpec], name: str, version: str | None
) -> AnySpec:
    types = _by_name(known)
    if name not in types:
        installed = ", ".join(types) or "none"
        raise LookupError(f"no {kind} {name!r} is installed; installed are: {installed}")
    versions = types[name]
    if version is not None and version not in versions:
        raise LookupError(
            f"{kind} {name!r} has no version {version}; installed are: {', '.join(versions)}"
        )
    return versions[version or next(iter(versions))]


def _by_name(known: Mapping[tuple[str, str], AnySpec]) -> dict[str, dict[str, AnySpec]]:
    """Types by name, each with its versions, the lowest first: 2.0 comes before 10.0."""
    found: dict[str, dict[str, AnySpec]] = {}
    for name, version in sorted(known, key=lambda key: (key[0], *map(int, key[1].split(".")))):
        found.setdefault(name, {})[version] = known[name, version]
    return found


def _offer(spec: Spec) -> str:
    """A type as it is listed, such as `handler dns 1.0`."""
    kind = next(word for word, declared in _KINDS.items() if isinstance(spec, declared))
    return f"{kind} {spec.name} {spec.version}"
