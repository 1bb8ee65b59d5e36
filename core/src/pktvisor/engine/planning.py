"""From a policy as written to a plan that can run: everything is checked here, nothing started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pktvisor.engine.settings import (
    HandlerPlan,
    PolicyPlan,
    PolicySettings,
    SinkPlan,
    StreamPlan,
    build_config,
    config_keys,
)
from pktvisor.metrics import choose_groups
from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document
from pktvisor.policies.errors import ConfigError, Path, shown, within
from pktvisor.policies.models import WINDOW_KEYS, Handlers, Module, Policy, Sink, Tap
from pktvisor.policies.selectors import choose_taps
from pktvisor.policies.trust import Trust
from pktvisor.policies.values import config_hash
from pktvisor.streams import HandlerSpec, InputSpec

__all__ = ["INPUT_VERSION", "Planner", "companion_plans"]

INPUT_VERSION = "1.0"
GROUP_KEYS = ("enable", "disable")
TAP_KEY = "_internal_tap_name"

_TOP_N = (1, 6144)


@dataclass(frozen=True)
class Planner:
    """Turns policies into plans.

    `defaults` hold when a policy has no window_config; `settings` are global, by handler type. With
    `trust` the policy came over the network, and so may reach only what that allows.
    """

    plugins: Plugins
    taps: Mapping[str, Tap]
    defaults: PolicySettings = field(default_factory=PolicySettings)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trust: Trust | None = None

    def document(self, document: Document) -> tuple[list[PolicyPlan], list[SinkPlan]]:
        """The plans of all policies and sinks of a document whose taps are among `taps`.

        Raises ConfigError.
        """
        for name, tap in document.taps.items():
            self.check_tap(tap, ("visor", "taps", name))
        policies = [
            self.policy(name, policy, ("visor", "policies", name))
            for name, policy in document.policies.items()
        ]
        sinks = [
            self.sink(name, sink, ("visor", "sinks", name)) for name, sink in document.sinks.items()
        ]
        return policies, sinks

    def policy(self, name: str, policy: Policy, path: Path) -> PolicyPlan:
        """The plan of a policy. Raises ConfigError that names the place under `path`."""
        try:
            names = choose_taps(policy.input, self.taps)
        except ConfigError as error:
            raise error if not error.path else error.under((*path, "input")) from None
        streams = tuple(self._stream(name, policy, tap, path) for tap in names)
        return PolicyPlan(name, streams, policy.merge_like_handlers)

    def input_spec(self, tap: Tap, path: Path) -> InputSpec:
        """The input type of a tap."""
        try:
            return self.plugins.input(tap.input_type, INPUT_VERSION)
        except LookupError as error:
            raise ConfigError(str(error.args[0]), (*path, "input_type")) from None

    def sink(self, name: str, sink: Sink, path: Path) -> SinkPlan:
        """The plan of a sink. Raises ConfigError that names the place under `path`."""
        try:
            spec = self.plugins.sink(sink.sink_type)
        except LookupError as error:
            raise ConfigError(str(error.args[0]), (*path, "sink_type")) from None
        try:
            config = build_config(f"sink {spec.name!r}", spec.config, sink.config)
        except ConfigError as error:
            key = (error.key,) if error.key in sink.config else ()
            raise error.under((*path, "config", *key)) from None
        return SinkPlan(name, spec, config)

    def unknown_settings(self) -> list[str]:
        """What global settings there are for handler types that are not installed."""
        known = {name for name, _ in self.plugins.handlers}
        return [
            f"visor.global_handler_config.{kind}: no such handler is installed, ignored"
            for kind in self.settings
            if kind not in known
        ]

    def check_tap(self, tap: Tap, path: Path) -> None:
        """Refuse a tap whose input is not installed, or that reaches what it must not."""
        spec = self.input_spec(tap, path)
        if self.trust is not None:
            with within((*path, "config")):
                self.trust.check(spec.config, tap.config)

    def _stream(self, name: str, policy: Policy, tap_name: str, path: Path) -> StreamPlan:
        tap = self.taps[tap_name]
        chosen = policy.input
        if chosen.input_type != tap.input_type:
            raise ConfigError(
                f"input_type of the policy and of tap {shown(tap_name)} differ:"
                f" {chosen.input_type}/{tap.input_type}",
                (*path, "input", "input_type"),
            )
        spec = self.input_spec(tap, ("visor", "taps", tap_name))
        for part in ("config", "filter"):
            if self.trust is not None:
                with within((*path, "input", part)):
                    self.trust.check(spec.config, getattr(chosen, part))
        merged = {**tap.config, **chosen.config, **chosen.filter}
        place: Path = (*path, "input")
        try:
            config = build_config(f"input {spec.name!r}", spec.config, merged)
        except ConfigError as error:
            for part in ("filter", "config"):
                if error.key in getattr(chosen, part):
                    raise error.under((*place, part, error.key)) from None
            place = (
                ("visor", "taps", tap_name, "config", error.key) if error.key in merged else place
            )
            raise error.under(place) from None
        stream = f"{tap_name}-{config_hash(merged)}"
        plans = [
            self._handler((name, tap_name, key), module, spec, policy.handlers, place)
            for key, module in policy.handlers.modules.items()
            for place in [(*path, "handlers", "modules", key)]
        ]
        chains = (tuple(plans),) if policy.handlers.chained else tuple((p,) for p in plans)
        filters = {f.name: f.default for f in fields(spec.config) if f.metadata.get("filter")}
        return StreamPlan(stream, tap_name, spec, config, chains, {**filters, **merged})

    def _handler(
        self,
        names: tuple[str, str, str],
        module: Module,
        source: InputSpec,
        handlers: Handlers,
        path: Path,
    ) -> HandlerPlan:
        spec = self._handler_spec(module, source, path)
        config = {**self.settings.get(module.type, {}), **module.config}
        groups = module.metric_groups
        written = {} if groups is None else groups.model_dump(exclude_unset=True)
        flat = {**config, **module.filter, **written}
        self._check_keys(spec, module, flat, path)
        window = _window(handlers, flat, self.defaults, path)
        own = {k: v for k, v in flat.items() if k not in WINDOW_KEYS and k not in GROUP_KEYS}
        try:
            built = build_config(f"handler {spec.name!r}", spec.config, own)
        except ConfigError as error:
            raise error.under(self._place(module, error.key, path)) from None
        with within((*path, "metric_groups")):
            chosen = _groups(spec, flat)
        settings = _settings(window, path)
        shown_config = {TAP_KEY: names[1], **flat, **window}
        return HandlerPlan("-".join(names), spec, built, settings, chosen, shown_config)

    def _handler_spec(self, module: Module, source: InputSpec, path: Path) -> HandlerSpec:
        try:
            spec = self.plugins.handler(module.type, module.require_version)
        except LookupError as error:
            known = any(name == module.type for name, _ in self.plugins.handlers)
            key = "require_version" if known else "type"
            raise ConfigError(str(error.args[0]), (*path, key)) from None
        if not spec.reads(source.emits):
            raise ConfigError(spec.mismatch(source), (*path, "type"))
        return spec

    def _check_keys(
        self, spec: HandlerSpec, module: Module, flat: Mapping[str, Any], path: Path
    ) -> None:
        if any(f.metadata.get("rest") for f in fields(spec.config)):
            return
        allowed = (*config_keys(spec.config), *WINDOW_KEYS)
        for key in flat:
            if key not in allowed and key not in GROUP_KEYS:
                raise ConfigError(
                    f"unknown key {shown(key)}; allowed are {', '.join(allowed)}",
                    self._place(module, key, path),
                )

    def _place(self, module: Module, key: str, path: Path) -> Path:
        """Where a handler's key was written."""
        for part in ("filter", "config"):
            if key in getattr(module, part):
                return (*path, part, key)
        if key in self.settings.get(module.type, {}):
            return ("visor", "global_handler_config", module.type, key)
        return path


def companion_plans(plugins: Plugins, stream: StreamPlan) -> list[PolicyPlan]:
    """The policies that every new stream gets: one for each handler type that is a companion.

    They keep time as the first handler of the policy that made the stream.
    """
    first = stream.handlers[0]
    plans = []
    for spec in plugins.handlers.values():
        if not spec.companion or not spec.reads(stream.spec.emits):
            continue
        name = f"{stream.name}-{spec.companion}"
        shown_config = {k: v for k, v in first.shown.items() if k in (TAP_KEY, *WINDOW_KEYS)}
        config = build_config(f"handler {spec.name}", spec.config, {})
        groups = spec.bucket.default_groups()
        handler = HandlerPlan(name, spec, config, first.settings, groups, shown_config)
        plans.append(PolicyPlan(name, (stream._replace(chains=((handler,),)),), companion=True))
    return plans


def _window(
    handlers: Handlers, flat: Mapping[str, Any], defaults: PolicySettings, path: Path
) -> dict[str, int]:
    """The window keys that hold for a handler: those of window_config win over its own."""
    window = {key: flat[key] for key in WINDOW_KEYS if key in flat}
    for key, value in window.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(f"must be an integer, not {shown(value)}", (*path, "config", key))
    if handlers.window_config is not None:
        return {**window, **handlers.window_config}
    return {
        **window,
        "num_periods": defaults.periods,
        "deep_sample_rate": defaults.deep_sample_rate,
    }


def _settings(window: Mapping[str, int], path: Path) -> PolicySettings:
    place = (*path[:-2], "window_config")
    count = window.get("topn_count", 10)
    low, high = _TOP_N
    if not low <= count <= high:
        raise ConfigError(
            f"{count} is out of range; allowed is {low} to {high}", (*place, "topn_count")
        )
    percentile = window.get("topn_percentile_threshold", 0)
    if percentile > 100:
        raise ConfigError(
            f"{percentile} is out of range; allowed is 0 to 100",
            (*place, "topn_percentile_threshold"),
        )
    return PolicySettings(
        periods=min(max(window.get("num_periods", 5), 1), 10),
        deep_sample_rate=min(max(window.get("deep_sample_rate", 100), 1), 100),
        top_n_count=count,
        top_n_percentile=percentile,
    )


def _groups(spec: HandlerSpec, flat: Mapping[str, Any]) -> frozenset[str]:
    enable, disable = (_names(flat, key) for key in GROUP_KEYS)
    try:
        return choose_groups(spec.bucket.groups, enable=enable, disable=disable)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _names(flat: Mapping[str, Any], key: str) -> list[str]:
    value = flat.get(key, [])
    if not isinstance(value, list):
        raise ConfigError(f"must be a list of metric groups, not {shown(value)}", (key,))
    return value
