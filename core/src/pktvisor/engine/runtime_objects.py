"""Inputs and handlers as objects of their own, made and removed while the agent runs.

This is how the original's 3.x API sees an agent: no taps and no policies, but named inputs that run
from the moment they are made, and named handlers that are attached to them. Inside, an input is a
stream and each handler a policy over it, so whatever holds for these holds for them. Neither their
names nor those of taps and policies get in each other's way: theirs cannot contain a slash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pktvisor.batches import Hosts
from pktvisor.engine.agent_info import input_json, policy_json
from pktvisor.engine.engine import Engine
from pktvisor.engine.planning import Planner
from pktvisor.engine.settings import PolicyPlan, StreamPlan, build_config
from pktvisor.engine.turns import Turn
from pktvisor.policies.document import parse_model
from pktvisor.policies.errors import ConfigError, NotFound, shown
from pktvisor.policies.loading import load
from pktvisor.policies.models import Policy, Tap
from pktvisor.policies.values import check_name, kind_of
from pktvisor.snapshot import Snapshot

__all__ = ["RuntimeObjects"]

_log = logging.getLogger(__name__)

PlannerFor = Callable[[Mapping[str, Tap]], Planner]

_WINDOW = {"periods": "num_periods", "deep_sample_rate": "deep_sample_rate"}
_HANDLER_KEYS = ("require_version", "config", "filter", "metric_groups")


@dataclass
class _Input:
    tap: Tap
    stream: StreamPlan
    handlers: dict[str, PolicyPlan] = field(default_factory=dict)


class RuntimeObjects:
    """The inputs and handlers that were made by name; `lock` is the agent's."""

    def __init__(
        self,
        engine: Engine,
        planner_for: PlannerFor,
        lock: Turn,
        hosts: Hosts | None = None,
    ) -> None:
        self._engine = engine
        self._hosts = hosts
        self._planner_for = planner_for
        self._lock = lock
        self._inputs: dict[str, _Input] = {}

    def create_input(self, kind: str, body: bytes) -> dict[str, Any]:
        """Make and start an input of a type from `{name, …settings}`, and describe it."""
        with self._lock:
            values = _object(body)
            name = _name(values)
            if name in self._inputs:
                raise ConfigError(f"input name {shown(name)} exists already", ("name",))
            tap = parse_model(Tap, {"input_type": kind, "config": values})
            planner = self._planner_for({name: tap})
            spec = planner.input_spec(tap, ())
            planner.check_tap(tap, ())
            config = build_config(f"input {shown(name)}", spec.config, tap.config)
            stream = StreamPlan(f"/{name}", name, spec, config, (), tap.config)
            try:
                self._engine.open_stream(stream.name, spec, config, self._hosts)
            except (ValueError, LookupError, OSError) as error:
                raise ConfigError(f"input {shown(name)} failed to start: {error}") from None
            with ExitStack() as undo:
                undo.callback(self._engine.remove_tap, stream.name)
                self._engine.runner(stream.name).serve()
                described = self._described(name, stream)  # at once, while it does not run
                undo.pop_all()
            self._inputs[name] = _Input(tap, stream)
            self._engine.start(stream.name)
            _log.info("input %s runs", name)
            return described

    def input_info(self, kind: str, name: str) -> dict[str, Any]:
        """What an input is and does. Raises NotFound, or Busy."""
        return self._described(name, self._input(kind, name).stream)

    def _described(self, name: str, stream: StreamPlan) -> dict[str, Any]:
        with _still_there():
            runner = self._engine.runner(stream.name)
            described = runner.call(
                partial(input_json, runner, stream), self._engine.limits.answer_s
            )
        described["module"]["name"] = name
        return described

    def delete_input(self, kind: str, name: str) -> None:
        """End an input without handlers. Raises NotFound, or ConfigError while it has some."""
        with self._lock:
            found = self._input(kind, name)
            if found.handlers:
                raise ConfigError(
                    f"input {shown(name)} still has {len(found.handlers)} consumers:"
                    f" {', '.join(found.handlers)}"
                )
            del self._inputs[name]
            self._engine.remove_tap(found.stream.name)
            _log.info("input %s removed", name)

    def attach(self, kind: str, name: str, handler_type: str, body: bytes) -> dict[str, Any]:
        """Attach a handler of a type from `{name, …}`; answers its name, periods and sampling."""
        with self._lock:
            found = self._input(kind, name)
            values = _object(body)
            handler = _name(values)
            if handler in found.handlers:
                raise ConfigError(f"handler name {shown(handler)} exists already", ("name",))
            plan = self._plan(name, found, handler, handler_type, values)
            self._engine.install(plan)
            found.handlers[handler] = plan
            _log.info("handler %s of input %s runs", handler, name)
            settings = plan.streams[0].handlers[0].settings
            return {
                "name": handler,
                "periods": settings.periods,
                "deep_sample_rate": settings.deep_sample_rate,
            }

    def handler_info(self, kind: str, name: str, handler_type: str, handler: str) -> dict[str, Any]:
        """What a handler is and does.

        Raises NotFound, ConfigError if it is of another type, or Busy.
        """
        plan = self._handler(kind, name, handler_type, handler)
        with _still_there():
            shown = policy_json(self._engine, plan, {}, self._engine.limits.answer_s)
        info: dict[str, Any] = shown["modules"][handler]
        return info

    def snapshot(self, kind: str, name: str, handler_type: str, handler: str) -> Snapshot:
        """The buckets of a handler. Raises as `handler_info` does."""
        plan = self._handler(kind, name, handler_type, handler)
        with _still_there():
            return self._engine.snapshot(plan.name, self._engine.limits.answer_s)

    def detach(self, kind: str, name: str, handler: str) -> None:
        """Detach a handler; the input goes on. Raises NotFound, or Busy with nothing changed."""
        with self._lock:
            found = self._input(kind, name)
            if handler not in found.handlers:
                raise NotFound(f"handler {shown(handler)} does not exist")
            self._engine.remove_policy(found.handlers[handler].name)
            del found.handlers[handler]
            _log.info("handler %s of input %s removed", handler, name)

    def _input(self, kind: str, name: str) -> _Input:
        found = self._inputs.get(name)
        if found is None or found.tap.input_type != kind:
            raise NotFound(f"{kind} input {shown(name)} does not exist")
        return found

    def _handler(self, kind: str, name: str, handler_type: str, handler: str) -> PolicyPlan:
        found = self._input(kind, name)
        if handler not in found.handlers:
            raise NotFound(f"handler {shown(handler)} does not exist")
        plan = found.handlers[handler]
        of = plan.streams[0].handlers[0].spec.name
        if of != handler_type:
            raise ConfigError(f"handler {shown(handler)} is of type {of}, not {handler_type}")
        return plan

    def _plan(
        self, name: str, found: _Input, handler: str, handler_type: str, values: dict[str, Any]
    ) -> PolicyPlan:
        window = {_WINDOW[key]: values.pop(key) for key in list(values) if key in _WINDOW}
        for key in values:
            if key not in _HANDLER_KEYS:
                allowed = ", ".join(("name", *_WINDOW, *_HANDLER_KEYS))
                raise ConfigError(f"unknown key {shown(key)}; allowed are {allowed}")
        written: dict[str, Any] = {
            "kind": "collection",
            "input": {"tap": name, "input_type": found.tap.input_type},
            "handlers": {"modules": {handler: {**values, "type": handler_type}}},
        }
        if window:
            written["handlers"]["window_config"] = window
        planner = self._planner_for({name: found.tap})
        (stream,) = planner.policy(handler, parse_model(Policy, written), ()).streams
        ((plan,),) = stream.chains
        own = found.stream._replace(chains=((plan._replace(name=handler),),))
        return PolicyPlan(f"/{name}/{handler}", (own,))


@contextmanager
def _still_there() -> Iterator[None]:
    """What is removed while it is looked at is not there."""
    try:
        yield
    except NotFound:
        raise NotFound("it was removed meanwhile") from None


def _object(body: bytes) -> dict[str, Any]:
    value = load(body).value
    if not isinstance(value, dict):
        raise ConfigError(f"must be an object, not {kind_of(value)}")
    return value


def _name(values: dict[str, Any]) -> str:
    """Take the name out of a body."""
    name = values.pop("name", None)
    if not isinstance(name, str):
        raise ConfigError("required field missing or not a text", ("name",))
    return check_name(name)
