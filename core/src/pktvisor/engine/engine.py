"""The engine: taps make streams, policies attach handlers to them, snapshots come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pktvisor.batches import Hosts
from pktvisor.engine.attachment import Attachment
from pktvisor.engine.runner import StreamRunner
from pktvisor.engine.settings import HandlerChoice, Limits, PolicySettings, build_config
from pktvisor.geo import GeoDatabase
from pktvisor.metrics import MetricSettings
from pktvisor.plugins import Plugins
from pktvisor.snapshot import HandlerSnapshot, Snapshot
from pktvisor.streams import (
    Clock,
    HandlerContext,
    HandlerSpec,
    InputSpec,
    InputStream,
    StreamContext,
    StreamStatus,
    SystemClock,
)
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window

__all__ = ["Engine"]


@dataclass(frozen=True)
class _Policy:
    tap: str
    attachments: tuple[Attachment, ...]


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
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
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
        stream: InputStream = resolve(spec.factory)(settings, StreamContext(hosts or Hosts()))
        self._runners[name] = StreamRunner(
            spec, stream, tap=name, limits=self._limits, clock=self._clock
        )
        return stream

    def remove_tap(self, name: str) -> None:
        """End a tap's stream and let go of it; ValueError while a policy is attached to it."""
        runner = self._runner(name)
        users = [policy for policy, found in self._policies.items() if found.tap == name]
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
        if name in self._policies:
            raise ValueError(f"policy {name!r} exists already")
        runner = self._runner(tap)
        settings = settings or PolicySettings()
        attachments: list[Attachment] = []
        for choice in handlers:
            made = self._attachment(name, runner, choice, settings)
            if any(made.name == other.name for other in attachments):
                raise ValueError(f"policy {name!r}: handler {made.name!r} is there twice")
            attachments.append(made)
        runner.call(lambda: runner.attach(*attachments))
        self._policies[name] = _Policy(tap, tuple(attachments))

    def remove_policy(self, name: str) -> None:
        """Detach a policy's handlers; the stream goes on."""
        policy = self._policy(name)
        runner = self._runners[policy.tap]
        runner.call(lambda: runner.detach(*policy.attachments))
        del self._policies[name]

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

    def snapshot(self, policy: str) -> Snapshot:
        """The policy's buckets as they are between two batches."""
        found = self._policy(policy)
        runner = self._runners[found.tap]
        return runner.call(lambda: _snapshot(policy, found.attachments, runner))

    def streams(self) -> list[StreamStatus]:
        """The loss ledger of every stream and the health of its handlers."""
        return [runner.status() for runner in self._runners.values()]

    def stop(self) -> None:
        """End all streams and seal all buckets; snapshots of them may still be taken."""
        for runner in self._runners.values():
            runner.stop()

    def close(self) -> None:
        """End all streams and let go of them and of all handlers."""
        runners, self._runners, self._policies = self._runners, {}, {}
        for runner in runners.values():
            runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _attachment(
        self, policy: str, runner: StreamRunner, choice: HandlerChoice, settings: PolicySettings
    ) -> Attachment:
        where = f"policy {policy!r}"
        chosen, values = choice if isinstance(choice, tuple) else (choice, {})
        spec = chosen if isinstance(chosen, HandlerSpec) else self.plugins.handler(chosen)
        if runner.spec.emits not in spec.accepts:
            raise ValueError(
                f"{where}: handler {spec.name!r} does not read {runner.spec.emits.__name__},"
                f" which input {runner.spec.name!r} emits; it reads"
                f" {', '.join(kind.__name__ for kind in spec.accepts)}"
            )
        metric_settings = MetricSettings(
            groups=spec.bucket.default_groups(),
            top_n_count=settings.top_n_count,
            top_n_percentile=settings.top_n_percentile,
            recorded=runner.stream.recorded,
            city=self._city,
            asn=self._asn,
        )
        config = build_config(f"{where}: handler {spec.name!r}", spec.config, values)
        context = HandlerContext(metric_settings, settings.deep_sample_rate)
        handler = resolve(spec.factory)(config, context)
        window = Window(spec.bucket, metric_settings, settings.periods)
        return Attachment(spec.name, spec, handler, window, policy=policy)

    def _runner(self, tap: str) -> StreamRunner:
        if tap not in self._runners:
            raise LookupError(f"no tap {tap!r}; there are: {', '.join(self._runners) or 'none'}")
        return self._runners[tap]

    def _policy(self, name: str) -> _Policy:
        if name not in self._policies:
            known = ", ".join(self._policies) or "none"
            raise LookupError(f"no policy {name!r}; there are: {known}")
        return self._policies[name]


def _snapshot(policy: str, attachments: Iterable[Attachment], runner: StreamRunner) -> Snapshot:
    handlers = {}
    now_ns = runner.now_ns
    for attachment in attachments:
        kept = attachment.window.buckets()
        buckets = tuple(b if b.end_ns is not None else b.copy(now_ns) for b in kept)
        handlers[attachment.name] = HandlerSnapshot(
            attachment.name, attachment.spec.version, buckets, attachment.window.periods
        )
    evicted = {
        f"{attachment.name}_entries_evicted": sum(
            bucket.evicted() for bucket in attachment.window.buckets()
        )
        for attachment in attachments
    }
    counts = {**vars(runner.counts), **runner.stage_counters(), **evicted}
    for attachment in attachments:
        for name, value in attachment.handler.info().items():
            if isinstance(value, int):
                counts[f"{attachment.name}_{name}"] = value
    return Snapshot(policy, handlers, counts, runner.problem)
