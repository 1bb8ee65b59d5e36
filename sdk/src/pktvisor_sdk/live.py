"""A handler under live traffic that a test sends, minute by minute, without waiting for any."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from pktvisor import Engine, HandlerSpec, Plugins, PolicySettings
from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import Bucket
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.streams import FakeStream, ManualClock, fake_input

__all__ = ["LiveBench"]

_NS = 1_000_000_000


class LiveBench:
    """One handler on a live stream whose packets and time a test gives.

        with LiveBench(SPEC, host_spec="10.0.0.0/8") as live:
            live.send(udp_frame("192.0.2.1", "10.0.0.1", 4242, 53))
            live.advance(60)
            assert live.shown(1)["payloads"] == 1      # the finished minute

    Frames arrive at the time of the clock, a microsecond apart. A minute ends with the first frame
    after it, or with the first whole second after it in which nothing came.
    """

    def __init__(
        self,
        spec: HandlerSpec,
        config: Mapping[str, Any] | None = None,
        *,
        host_spec: str = "",
        periods: int = 5,
        clock: ManualClock | None = None,
    ) -> None:
        self.clock = clock or ManualClock(START_NS)
        self._stream = FakeStream()
        self._host_spec = host_spec
        self._engine = Engine(Plugins(autoload=False), clock=self.clock)
        self._engine.add_tap("live", fake_input(self._stream, spec.accepts[0]))
        self._engine.add_policy(
            "live", "live", [(spec, config or {})], PolicySettings(periods=periods)
        )
        self._name = spec.name
        self._began_ns = self.clock.now_ns()
        self._rest()

    def send(self, *frames: bytes) -> None:
        """Let frames arrive now, in one batch."""
        timed = [(self.clock.now_ns() + 1000 * n, frame) for n, frame in enumerate(frames)]
        self._stream.put(packet_batch(timed, host_spec=self._host_spec))
        self._rest()

    def advance(self, seconds: float) -> None:
        """Let time pass without packets, as a live stream sees it: second by second."""
        end_ns = self.clock.now_ns() + round(seconds * _NS)
        while (now_ns := self.clock.now_ns()) < end_ns:
            second_ns = _NS - (now_ns - self._began_ns) % _NS
            self.clock.advance(min(second_ns, end_ns - now_ns) / _NS)
            self._rest()

    def buckets(self) -> tuple[Bucket, ...]:
        """The buckets as they are now, the live one first."""
        return self._engine.snapshot("live").handlers[self._name].buckets

    def shown(self, bucket: int = 0) -> dict[str, Any]:
        """The JSON of a bucket; 0 is the live one."""
        shown: dict[str, Any] = bucket_json(self.buckets()[bucket])
        return shown

    def close(self) -> None:
        """End the stream and the handler."""
        self._engine.close()

    def _rest(self) -> None:
        """Work off what was put, then what the passing of time brings about."""
        while self._stream.waiting:
            self._engine.step("live")
        self._engine.step("live")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
