"""The engine: taps make streams, policies attach handlers to them, snapshots come out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pktvisor.batches import Hosts
from pktvisor.engine.attachment import Attachment, close_apart
from pktvisor.engine.making import make
from pktvisor.engine.runner import PATIENCE_S, StreamRunner
from pktvisor.engine.settings import (
    HandlerChoice,
    HandlerPlan,
    Limits,
    PolicyPlan,
    PolicySettings,
    StreamPlan,
    build_config,
)
from pktvisor.engine.sinks import RunningSink, Sinks, SinkStatus
from pktvisor.engine.snapshots import stream_snapshot, united
from pktvisor.metrics import MetricSettings
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError, NotFound
from pktvisor.snapshot import Snapshot
from pktvisor.streams import (
    Clock,
    HandlerContext,
    HandlerSpec,
    InputSpec,
    InputStream,
    SinkSpec,
    StreamContext,
    StreamStatus,
    SystemClock,
)
from pktvisor.windows import Window

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase

__all__ = ["Engine"]


class _Policy(NamedTuple):
    """A policy at work: the first attachment of each chain, by stream."""

    plan: PolicyPlan
    heads: dict[str, list[Attachment]]


class Engine:
    """Owns streams and the handlers on them; use it as a context manager.

        with Engine() as engine:
            engine.add_tap("file", "pcap", {"pcap_file": "x.pcap"}, hosts=Hosts.parse("10.0.0.0/8"))
            engine.add_policy("default", "file", ["net", "dns"])
            engine.run()
            print(engine.snapshot("default").to_json())

    Policies may be added and removed while streams run: the change happens between two batches and
    touches no other policy. Everything is checked first, so a refused call changes nothing.
    """

    def __init__(
        self,
        plugins: Plugins | None = None,
        *,
        city: GeoDatabase | None = None,
        asn: GeoDatabase | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.plugins = Plugins() if plugins is None else plugins
        self._city = city
        self._asn = asn
        self.limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._sinks = Sinks()
        self._runners: dict[str, StreamRunner] = {}
        self._policies: dict[str, _Policy] = {}

    def add_tap(
        self,
        name: str,
        input_type: str | InputSpec,
        config: Mapping[str, Any] | None = None,
        *,
        hosts: Hosts | None = None,
    ) -> InputStream:
        """Make a stream. Raises LookupError or ValueError saying what is wrong with the request."""
        if name in self._runners:
            raise ValueError(f"tap {name!r} exists already")
        spec = input_type if isinstance(input_type, InputSpec) else self.plugins.input(input_type)
        settings = build_config(f"tap {name!r}", spec.config, config or {})
        return self.open_stream(name, spec, settings, hosts)

    def open_stream(
        self, name: str, spec: InputSpec, settings: Any, hosts: Hosts | None = None
    ) -> InputStream:
        """Make a stream from a checked config of its input; it does not run yet."""
        if name in self._runners:
            raise ValueError(f"stream {name!r} exists already")
        stream: InputStream = make(spec.factory, settings, StreamContext(hosts or Hosts()))
        self._runners[name] = StreamRunner(
            spec, stream, tap=name, limits=self.limits, clock=self._clock
        )
        return stream

    def remove_tap(self, name: str) -> None:
        """End a stream no policy uses. Raises ValueError naming those that do."""
        runner = self._runner(name)
        users = [policy for policy, found in self._policies.items() if name in found.heads]
        if users:
            raise ValueError(f"tap {name!r} is in use by policy {', '.join(users)}")
        del self._runners[name]
        runner.close()

    def add_policy(
        self,
        name: str,
        tap: str,
        handlers: Iterable[HandlerChoice],
        settings: PolicySettings | None = None,
    ) -> None:
        """Attach handlers, each a name, a spec, or one of these with its config, to a tap."""
        runner = self._runner(tap)
        plans: list[HandlerPlan] = []
        for choice in handlers:
            plan = self._plan(f"policy {name!r}", runner, choice, settings or PolicySettings())
            if any(plan.name == other.name for other in plans):
                raise ValueError(f"policy {name!r}: handler {plan.name!r} is there twice")
            plans.append(plan)
        stream = StreamPlan(tap, tap, runner.spec, None, tuple((plan,) for plan in plans))
        self.install(PolicyPlan(name, (stream,)))

    def install(self, plan: PolicyPlan) -> None:
        """Make the handlers of a policy and attach them to its streams: all of them or none."""
        self.exchange((), (plan,))

    def remove_policy(self, name: str) -> None:
        """Detach a policy's handlers; the streams go on."""
        self.exchange((name,), ())

    def exchange(self, removed: Iterable[str], added: Iterable[PolicyPlan]) -> None:
        """Put policies in the place of others, as `exchanging` does."""
        with self.exchanging(removed, added):
            pass

    @contextmanager
    def exchanging(self, removed: Iterable[str], added: Iterable[PolicyPlan]) -> Iterator[None]:
        """Put policies in the place of others; what is done within belongs to the change.

        All new handlers are made and attached, all streams held between two batches and what is
        within done, before the first old handler is let go. So a handler that cannot be made or
        does not return, a stream that is Busy for `Limits.answer_s` seconds, and what is raised
        within leave everything as it was. What this thread asks of the streams meanwhile is done
        at once.
        """
        leaving = {name: self._policy(name) for name in removed}
        entering: dict[str, _Policy] = {}
        with ExitStack() as undo:
            made: list[Attachment] = []
            undo.callback(close_apart, made, self.limits.answer_s)
            for plan in added:
                if plan.name in self._policies and plan.name not in leaving:
                    raise ValueError(f"policy {plan.name!r} exists already")
                entering[plan.name] = _Policy(plan, {})
                for stream in plan.streams:
                    heads = entering[plan.name].heads.setdefault(stream.name, [])
                    for chain in stream.chains:
                        heads.append(self._chain(plan.name, chain, self._runner(stream.name)))
                        made.append(heads[-1])
            touched = {s: None for p in (*leaving.values(), *entering.values()) for s in p.heads}
            held = self._hold([self._runners[name] for name in touched])
            undo.pop_all()
        with held:
            with ExitStack() as undo:
                into = {
                    self._runners[name]: [
                        p.heads[name] for p in entering.values() if name in p.heads
                    ]
                    for name in touched
                }
                for runner, policies in into.items():
                    undo.callback(runner.detach, *(head for heads in policies for head in heads))
                for runner, policies in into.items():
                    for heads in policies:  # those attached before are told of each
                        runner.attach(*heads)
                before = self._policies
                undo.callback(setattr, self, "_policies", before)
                kept = {name: found for name, found in before.items() if name not in leaving}
                self._policies = kept | entering
                yield
                undo.pop_all()
            for name in touched:
                gone = [head for policy in leaving.values() for head in policy.heads.get(name, ())]
                if gone:
                    self._runners[name].detach(*gone)

    def add_sink(
        self, name: str, sink_type: str | SinkSpec, config: Mapping[str, Any] | None = None
    ) -> None:
        """Send every bucket that is sealed from now on to a sink as well."""
        spec = sink_type if isinstance(sink_type, SinkSpec) else self.plugins.sink(sink_type)
        self._sinks.add(name, spec, config or {})

    def remove_sink(self, name: str) -> None:
        """Let a sink write what waits, and end it."""
        self._sinks.remove(name)

    def exchange_sinks(self, leaving: Iterable[str], entering: Iterable[RunningSink]) -> None:
        """Put sinks that are made already in the place of others."""
        self._sinks.exchange(leaving, entering)

    def sinks(self) -> list[SinkStatus]:
        """What each sink has written, and what it lost."""
        return self._sinks.status()

    def step(self, tap: str) -> bool:
        """Handle the next batch of a tap's stream in this thread; False at the stream's end."""
        return self._runner(tap).step()

    def run(self) -> None:
        """Handle every stream to its end, one after the other, in this thread."""
        for runner in self._runners.values():
            runner.run()

    def start(self, tap: str | None = None) -> None:
        """Run one stream, or all, in threads of their own; those that run already go on."""
        for runner in self._runners.values() if tap is None else [self._runner(tap)]:
            runner.start()

    def join(self) -> None:
        """Wait until every started stream has ended."""
        for runner in self._runners.values():
            runner.join()

    def runner(self, tap: str) -> StreamRunner:
        """The running stream of a tap. NotFound names those there are."""
        return self._runner(tap)

    def attached(self, policy: str, stream: str) -> list[Attachment]:
        """The first attachment of each chain a policy has on a stream. NotFound if it has none."""
        heads = self._policy(policy).heads
        if stream not in heads:
            raise NotFound(f"policy {policy!r} does not read stream {stream!r}")
        return heads[stream]

    def snapshot(self, policy: str, patience_s: float | None = None) -> Snapshot:
        """The policy's buckets as they are between two batches.

        Raises Busy when the batch under way takes longer than `patience_s`.
        """
        found = self._policy(policy)
        parts = []
        for stream in found.plan.streams:
            runner = self._runner(stream.name)
            take = partial(stream_snapshot, runner, stream, found.heads[stream.name])
            parts.append(runner.call(take, patience_s))
        return united(found.plan, parts)

    def streams(self) -> list[StreamStatus]:
        """The loss ledger of every stream and the health of its handlers."""
        return [runner.status() for runner in list(self._runners.values())]

    def stop(self, patience_s: float = PATIENCE_S) -> None:
        """End all streams and seal all buckets; snapshots of them may still be taken.

        All of them together have `patience_s` seconds to work off what they have read.
        """
        runners = list(self._runners.values())
        for runner in runners:
            runner.ask_to_stop()
        deadline = time.monotonic() + patience_s
        for runner in runners:
            runner.stop(max(deadline - time.monotonic(), 0))

    def close(self) -> None:
        """End all streams and let go of them and of all handlers."""
        self.stop()
        runners, self._runners, self._policies = self._runners, {}, {}
        for runner in runners.values():
            runner.close()
        self._sinks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _hold(self, runners: Iterable[StreamRunner]) -> ExitStack:
        """Keep streams between two batches until the stack is closed; Busy, with none held, if not.

        None is held while another is waited for longer than it takes to come round: what a stream
        that is held captures meanwhile must fit its queue.
        """
        runners, deadline = list(runners), time.monotonic() + self.limits.answer_s
        for runner in runners:
            runner.call(_nothing, max(deadline - time.monotonic(), 0))
        with ExitStack() as held:
            for runner in runners:
                held.enter_context(runner.held(max(deadline - time.monotonic(), 0)))
            return held.pop_all()

    def _plan(
        self, where: str, runner: StreamRunner, choice: HandlerChoice, settings: PolicySettings
    ) -> HandlerPlan:
        chosen, values = choice if isinstance(choice, tuple) else (choice, {})
        spec = chosen if isinstance(chosen, HandlerSpec) else self.plugins.handler(chosen)
        if not spec.reads(runner.spec.emits):
            raise ValueError(f"{where}: {spec.mismatch(runner.spec)}")
        config = build_config(f"{where}: handler {spec.name!r}", spec.config, values)
        return HandlerPlan(spec.name, spec, config, settings, spec.bucket.default_groups())

    def _chain(self, policy: str, chain: Iterable[HandlerPlan], runner: StreamRunner) -> Attachment:
        """The first attachment of a chain; each handler feeds the next."""
        made: Attachment | None = None
        plans = list(chain)
        for plan in reversed(plans):
            try:
                made = self._attachment(policy, plan, runner, made, first=plan is plans[0])
            except BaseException as error:
                if made is not None:
                    close_apart([made], self.limits.answer_s)
                if isinstance(error, ValueError | LookupError | OSError):
                    raise ConfigError(f"handler {plan.name!r} failed to start: {error}") from None
                raise
        assert made is not None
        return made

    def _attachment(
        self,
        policy: str,
        plan: HandlerPlan,
        runner: StreamRunner,
        then: Attachment | None,
        *,
        first: bool,
    ) -> Attachment:
        settings = plan.settings
        metric_settings = MetricSettings(
            groups=plan.groups,
            top_n_count=settings.top_n_count,
            top_n_percentile=settings.top_n_percentile,
            recorded=runner.stream.recorded or _said_recorded(plan.config),
            city=self._city,
            asn=self._asn,
        )
        context = HandlerContext(metric_settings, settings.deep_sample_rate, chained=not first)
        handler = make(plan.spec.factory, plan.config, context)
        window = Window(plan.spec.bucket, metric_settings, settings.periods)
        return Attachment(
            plan.name,
            plan.spec,
            handler,
            window,
            then,
            policy=policy,
            on_sealed=self._sinks.offer,
        )

    def _runner(self, tap: str) -> StreamRunner:
        if tap not in self._runners:
            raise NotFound(f"no tap {tap!r}; there are: {', '.join(self._runners) or 'none'}")
        return self._runners[tap]

    def _policy(self, name: str) -> _Policy:
        if name not in self._policies:
            known = ", ".join(self._policies) or "none"
            raise NotFound(f"no policy {name!r}; there are: {known}")
        return self._policies[name]


def _said_recorded(config: Any) -> bool:
    """Whether a handler's config has the key `recorded_stream`, whatever its value."""
    return getattr(config, "recorded_stream", None) is not None


def _nothing() -> None:
    """What is asked of a stream to see that it answers."""
