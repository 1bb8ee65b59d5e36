"""The agent: taps and policies as people post them, kept running by an engine."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

from pktvisor.batches import Hosts
from pktvisor.engine.agent_info import policy_json, stream_health, tap_json
from pktvisor.engine.agent_state import State, check_new, exists, log_changes
from pktvisor.engine.engine import Engine
from pktvisor.engine.planning import Planner, companion_plans
from pktvisor.engine.runner import PATIENCE_S
from pktvisor.engine.runtime_objects import RuntimeObjects
from pktvisor.engine.settings import Limits, PolicyPlan, PolicySettings, SinkPlan, StreamPlan
from pktvisor.engine.sinks import RunningSink, SinkStatus
from pktvisor.engine.turns import Turn
from pktvisor.geo import GeoDatabase
from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document, parse_document, parse_one
from pktvisor.policies.errors import ConfigError, NotFound, shown
from pktvisor.policies.models import Tap
from pktvisor.policies.trust import Trust
from pktvisor.snapshot import Snapshot
from pktvisor.streams import Clock, StreamStatus

__all__ = ["Agent"]

_log = logging.getLogger(__name__)

LAST_CHANGE_S = 0.3  # for the change under way, when the agent is stopped


class Agent:
    """Keeps taps and policies and runs what they ask for; any thread may call it.

    Each change is checked as a whole before anything starts and is made as a whole or not at all. A
    stream is made by the first policy that wants it, shared by all whose tap and input settings are
    equal, and ended with the last. A change of policies whose streams do not come to the end of a
    batch within `Limits.answer_s`, that would have to wait as long for another change, or whose new
    handlers do not return for as long, raises Busy and changes nothing. `defaults` hold for
    policies that have no window_config.
    Requests (`create_tap`, `create_policy`) may reach only what `trust` allows; configuration files
    (`load`, `replace`) are trusted. `hosts` are ours beside those an input finds by itself; a tap's
    own host spec replaces both. With `held`, streams are opened but run only from `start` on:
    privileges can be given up in between.
    """

    def __init__(
        self,
        plugins: Plugins | None = None,
        *,
        defaults: PolicySettings | None = None,
        city: GeoDatabase | None = None,
        asn: GeoDatabase | None = None,
        trust: Trust | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        hosts: Hosts | None = None,
        held: bool = False,
    ) -> None:
        self.plugins = Plugins() if plugins is None else plugins
        self._hosts = hosts
        self._held = held
        self._defaults = defaults or PolicySettings()
        self._trust = trust or Trust()
        self._engine = Engine(self.plugins, city=city, asn=asn, limits=limits, clock=clock)
        self._state = State()
        self._lock = Turn("another change is under way", self._engine.limits.answer_s)
        self.objects = RuntimeObjects(self._engine, self._request_planner, self._lock, hosts)

    def load(self, document: bytes | str | Document, *, source: str = "") -> Document:
        """Add the taps and policies of a configuration file, all of them or none.

        Raises ConfigError with the place in the document; `source` names the file in front of it.
        """
        with self._lock:
            read = _read(document, source)
            self._apply(self._state, read, source)
            return read

    def replace(self, document: bytes | str | Document, *, source: str = "") -> Document:
        """Put a configuration file in the place of what files configured before.

        What means the same in both goes on undisturbed, and so do taps and policies that were made
        by request; a file that has one of their names is refused. The old configuration stays when
        the new one is refused.
        """
        with self._lock:
            read = _read(document, source)
            self._apply(self._state.made_by_request(), read, source)
            return read

    def create_tap(self, body: bytes) -> dict[str, Any]:
        """Add the one tap of a request and describe it as `{NAME: TAP}`."""
        with self._lock:
            ((name, tap),) = _warned(parse_one(body, "taps")).taps.items()
            path = ("visor", "taps", name)
            if name in self._state.taps:
                raise exists("tap", name, path)
            self._planner(self._state, self._trust).check_tap(tap, path)
            self._put(replace(self._state, taps={**self._state.taps, name: tap}))
            return self.tap_info(name)

    def create_policy(self, body: bytes) -> dict[str, Any]:
        """Add the one policy of a request, start it, and describe it as `{NAME: POLICY}`."""
        with self._lock:
            ((name, policy),) = _warned(parse_one(body, "policies")).policies.items()
            path = ("visor", "policies", name)
            if name in self._state.plans:
                raise exists("policy", name, path)
            plan = self._planner(self._state, self._trust).policy(name, policy, path)
            return self._go(
                replace(self._state, plans={**self._state.plans, name: plan}), shown=[name]
            )

    def tap_info(self, name: str | None = None) -> dict[str, Any]:
        """All taps, or one, as the API shows them. Raises NotFound."""
        taps = self._state.taps
        if name is not None:
            if name not in taps:
                raise NotFound("tap does not exists")
            taps = {name: taps[name]}
        return {key: tap_json(tap) for key, tap in taps.items()}

    def policy_info(self, name: str | None = None) -> dict[str, Any]:
        """All policies, or one, as the API shows them. Raises NotFound, and Busy as `snapshot`."""
        if name is None:
            return self._policies(list(self._state.plans), self._engine.limits.answer_s)
        found = self._policies([self._known(name)], self._engine.limits.answer_s)
        if not found:  # deleted meanwhile
            raise NotFound("policy does not exists")
        return found

    def delete_tap(self, name: str) -> None:
        """Forget a tap; what runs from it goes on. Raises NotFound."""
        with self._lock:
            if name not in self._state.taps:
                raise NotFound("tap does not exists")
            taps = {key: tap for key, tap in self._state.taps.items() if key != name}
            filed = self._state.filed - {("tap", name)}
            self._put(replace(self._state, taps=taps, filed=filed))

    def delete_policy(self, name: str) -> None:
        """End a policy, and the streams no other policy but a companion uses. Raises NotFound."""
        with self._lock:
            plans = dict(self._state.plans)
            del plans[self._known(name)]
            filed = self._state.filed - {("policy", name)}
            self._go(replace(self._state, plans=plans, filed=filed))

    def policy_names(self) -> list[str]:
        """The names of all policies, those the agent made itself included."""
        return list(self._state.plans)

    def snapshot(self, policy: str) -> Snapshot:
        """A policy's buckets as they are now. Raises NotFound.

        Does not wait for changes under way, which may take as long as an interface takes to open,
        and raises Busy when handlers keep the stream busy for longer than `Limits.answer_s`.
        """
        try:
            return self._engine.snapshot(self._known(policy), self._engine.limits.answer_s)
        except NotFound:  # or deleted meanwhile
            raise NotFound("policy does not exists") from None

    def streams(self) -> list[StreamStatus]:
        """The loss ledger of every stream and the health of its handlers."""
        return self._engine.streams()

    def sinks(self) -> list[SinkStatus]:
        """What each sink has written, and what it lost."""
        return self._engine.sinks()

    def health(self) -> dict[str, Any]:
        """Whether the agent works, and how inputs, handlers and sinks do; waits for nobody."""
        inputs = {status.tap: stream_health(status) for status in self._engine.streams()}
        ready = all(health["state"] != "failed" for health in inputs.values())
        sinks = {status.name: asdict(status) for status in self._engine.sinks()}
        return {"alive": True, "ready": ready, "inputs": inputs, "sinks": sinks}

    def start(self) -> None:
        """Let the streams run that were held back; those opened later run at once."""
        with self._lock:
            self._held = False
            self._engine.start()

    def join(self) -> None:
        """Wait until every stream that ends by itself, such as a file, has ended."""
        self._engine.join()

    def stop(self) -> None:
        """End all streams and seal all buckets; snapshots of them may still be taken."""
        with self._last_turn() as waited_s:
            self._engine.stop(max(PATIENCE_S - waited_s, 0))

    def close(self) -> None:
        """End everything."""
        with self._last_turn():
            self._state = State()
            self._engine.close()

    @contextlib.contextmanager
    def _last_turn(self) -> Iterator[float]:
        """Wait for the change under way, but not for long: the end must not hang on it."""
        began = time.monotonic()
        got = self._lock.acquire(timeout=LAST_CHANGE_S)
        try:
            yield time.monotonic() - began
        finally:
            if got:
                self._lock.release()

    def _known(self, policy: str) -> str:
        if policy not in self._state.plans:
            raise NotFound("policy does not exists")
        return policy

    def _policies(
        self, names: Iterable[str], patience_s: float, state: State | None = None
    ) -> dict[str, dict[str, Any]]:
        """Those of these policies that are there still, as the API shows them."""
        state = state or self._state
        shown = {}
        for name in names:
            plan = state.plans.get(name)
            with contextlib.suppress(NotFound):  # deleted meanwhile
                if plan is not None:
                    shown[name] = policy_json(self._engine, plan, state.taps, patience_s)
        return shown

    def _planner(self, state: State, trust: Trust | None) -> Planner:
        return Planner(self.plugins, state.taps, self._defaults, state.settings, trust)

    def _request_planner(self, taps: Mapping[str, Tap]) -> Planner:
        return Planner(self.plugins, taps, self._defaults, self._state.settings, self._trust)

    def _apply(self, base: State, read: Document, source: str) -> None:
        """Go to `base` with a document's taps and policies added."""
        wanted = {
            *(("tap", name) for name in read.taps),
            *(("policy", name) for name in read.policies),
            *(("sink", name) for name in read.sinks),
        }
        try:
            check_new(base, read)
            settings = read.global_handler_config
            taps = {**base.taps, **read.taps}
            state = replace(base, taps=taps, settings=settings, filed=base.filed | wanted)
            planner = self._planner(state, None)
            for text in planner.unknown_settings():
                _log.warning("%s", text)
            policies, sinks = planner.document(read)
            plans = {**base.plans, **{plan.name: self._unchanged(plan) for plan in policies}}
            wanted_sinks = {**base.sinks, **{plan.name: plan for plan in sinks}}
            self._go(replace(state, plans=plans, sinks=wanted_sinks))
        except ConfigError as error:
            raise _located(error, read, source) from None

    def _unchanged(self, plan: PolicyPlan) -> PolicyPlan:
        """The plan at work under this name if it is equal, so that it goes on; else this one."""
        now = self._state.plans.get(plan.name)
        return now if now is not None and now == plan else plan

    def _put(self, state: State) -> None:
        """Go to a state that runs nothing else."""
        before, self._state = self._state, state
        log_changes(before, state)

    def _go(self, state: State, shown: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
        """Make what runs equal to a state and put it in place; on failure all stays as it was.

        The answer describes the policies `shown` as they begin.
        """
        now = self._state.plans
        running = {s.name for plan in now.values() for s in plan.streams}
        wanted: dict[str, StreamPlan] = {}
        for plan in state.plans.values():
            for stream in () if plan.companion else plan.streams:
                wanted.setdefault(stream.name, stream)
        opened = {name: stream for name, stream in wanted.items() if name not in running}
        plans: dict[str, PolicyPlan] = {}
        for name, plan in state.plans.items():
            if plan.companion and plan.streams[0].name not in wanted:
                continue
            plans[name] = plan
            for stream in plan.streams:  # behind the first policy that wants a new stream
                if opened.get(stream.name) is stream:
                    plans.update((p.name, p) for p in companion_plans(self.plugins, stream))
        leaving = [n for n, sink in self._state.sinks.items() if state.sinks.get(n) != sink]
        after = replace(state, plans=plans)
        # What is to be done then is done, whatever becomes of the rest.
        with ExitStack() as then, ExitStack() as undo:
            made = self._new_sinks(state, undo)
            for stream in opened.values():
                self._open(stream, state)
                undo.callback(self._engine.remove_tap, stream.name)
            with self._engine.exchanging(
                [name for name, plan in now.items() if plans.get(name) is not plan],
                [plan for name, plan in plans.items() if now.get(name) is not plan],
            ):
                described = self._policies(shown, self._engine.limits.answer_s, after)
                before, self._state = self._state, after
                undo.pop_all()
                for name in () if self._held else reversed(opened):
                    then.callback(self._engine.start, name)
                for name in running - set(wanted):
                    then.callback(self._engine.remove_tap, name)
                then.callback(self._engine.exchange_sinks, leaving, made)
        if not self._held:
            log_changes(before, after)
        return described

    def _new_sinks(self, state: State, undo: ExitStack) -> list[RunningSink]:
        """Make the sinks of a state that do not run as they are now."""
        made = []
        for plan in state.sinks.values():
            if self._state.sinks.get(plan.name) != plan:
                made.append(_made_sink(plan))
                undo.callback(made[-1].close)
        return made

    def _open(self, stream: StreamPlan, state: State) -> None:
        try:
            self._engine.open_stream(stream.name, stream.spec, stream.config, self._hosts)
            if not self._held:
                self._engine.runner(stream.name).serve()
        except (ValueError, LookupError, OSError) as error:
            user = next(
                n for n, p in state.plans.items() if stream.name in {s.name for s in p.streams}
            )
            refused = ConfigError(
                f"policy [{user}] failed to start: unable to create the input of tap"
                f" {shown(stream.tap)}: {error}",
                ("visor", "policies", user, "input"),
            )
            refused.reason = str(error)
            raise refused from None


def _made_sink(plan: SinkPlan) -> RunningSink:
    try:
        return RunningSink(plan)
    except (ValueError, LookupError, OSError) as error:
        place = ("visor", "sinks", plan.name)
        raise ConfigError(f"sink {shown(plan.name)} failed to start: {error}", place) from None


def _warned(read: Document, source: str = "request") -> Document:
    """The document, once its warnings are in the log."""
    for text in read.warnings:
        _log.warning("%s: %s", source, text)
    return read


def _read(document: bytes | str | Document, source: str) -> Document:
    try:
        read = document if isinstance(document, Document) else parse_document(document)
        return _warned(read, source or "configuration")
    except ConfigError as error:
        raise _located(error, None, source) from None


def _located(error: ConfigError, read: Document | None, source: str) -> ConfigError:
    """The same error with the file, and the line where it is known, in front."""
    if not source:
        return error
    line = error.line if read is None else read.loaded.line(error.path)
    place = ":".join(str(part) for part in (source, line) if part)
    located = type(error)(error.message, error.path)
    located.reason = error.reason
    located.args = (f"{place}: {located.args[0]}",)
    return located
