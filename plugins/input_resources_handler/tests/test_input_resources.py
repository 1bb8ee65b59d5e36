"""The input_resources handler: samples while there is traffic, and counts who came later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pktvisor.batches import PacketBatch
from pktvisor.engine.agent import Agent
from pktvisor.metrics import MetricSettings
from pktvisor.streams import Control, Event, HandlerContext
from pktvisor_input_resources import plugin
from pktvisor_input_resources.bucket import ResourcesBucket
from pktvisor_input_resources.config import ResourcesConfig
from pktvisor_input_resources.handler import ResourcesHandler
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.frames import udp_frame

NS = 1_000_000_000
FRAME = udp_frame("192.0.2.1", "192.0.2.2", 1, 2, b"")


class Meter:
    """CPU, time and memory as a test sets them."""

    def __init__(self) -> None:
        self.cpu, self.elapsed, self.memory = 0, 0, 0

    def cpu_ns(self) -> int:
        return self.cpu

    def elapsed_ns(self) -> int:
        return self.elapsed

    def memory_bytes(self) -> int:
        return self.memory


class Bench:
    def __init__(self) -> None:
        self.handler = ResourcesHandler(ResourcesConfig(), HandlerContext())
        self.meter = self.handler.usage = Meter()
        self.bucket = ResourcesBucket(MetricSettings(recorded=False), START_NS)

    def packet(self, second: float, *, cpu: float = 0, elapsed: float = 0, memory: int = 0) -> None:
        self.meter.cpu, self.meter.elapsed = int(cpu * NS), int(elapsed * NS)
        self.meter.memory = memory
        self.handler.update(batch(second), self.bucket)

    def attached(self, policies: int, handlers: int, event: Event = Event.ATTACHED) -> None:
        self.handler.control(Control(event, START_NS, policies, handlers), self.bucket)

    def levels(self) -> tuple[int, int]:
        return self.bucket.policy_count.value, self.bucket.handler_count.value


def batch(second: float) -> PacketBatch:
    return packet_batch([(START_NS + int(second * NS), FRAME)])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_cpu_is_the_share_of_the_time_between_two_samples(bench: Bench) -> None:
    bench.packet(0, cpu=1, elapsed=1000)
    bench.packet(5, cpu=2, elapsed=1005)
    assert bench.bucket.cpu_usage.count == 2
    assert bench.bucket.cpu_usage.quantile(0) == pytest.approx(0.1)
    assert bench.bucket.cpu_usage.quantile(1) == pytest.approx(20.0)


def test_samples_are_five_seconds_of_traffic_apart(bench: Bench) -> None:
    for second in (0, 1, 4.9, 5, 9, 10):
        bench.packet(second, memory=1 << 30)
    assert bench.bucket.memory_bytes.count == 3
    assert bench.bucket.total.value == 3


def test_what_was_attached_before_it_is_not_counted(bench: Bench) -> None:
    bench.attached(2, 3)
    assert bench.levels() == (1, 1)
    bench.attached(3, 7)
    assert bench.levels() == (2, 5)


def test_counts_do_not_fall_below_zero(bench: Bench) -> None:
    bench.attached(3, 5)
    bench.attached(1, 1, Event.DETACHED)
    assert bench.levels() == (0, 0)


def test_heartbeats_are_no_events(bench: Bench) -> None:
    bench.attached(2, 3)
    bench.attached(9, 9, Event.HEARTBEAT)
    assert bench.levels() == (1, 1)
    assert bench.bucket.total.value == 1


def test_a_new_period_starts_with_the_levels_of_the_old(bench: Bench) -> None:
    bench.attached(2, 4)
    fresh = ResourcesBucket(MetricSettings(recorded=False), START_NS + 60 * NS)
    bench.handler.period_shift(bench.bucket, fresh, START_NS + 60 * NS)
    assert (fresh.policy_count.value, fresh.handler_count.value) == (1, 1)
    assert fresh.total.value == 1


def test_the_whole_window_shows_the_newest_levels(bench: Bench) -> None:
    bench.attached(2, 4)
    fresh = ResourcesBucket(MetricSettings(recorded=False), START_NS + 60 * NS)
    fresh.policy_count.set(7, START_NS + 60 * NS)
    for parts in ([fresh, bench.bucket], [bench.bucket, fresh]):
        assert ResourcesBucket.merged(parts).policy_count.value == 7


def test_it_reads_batches_of_every_kind() -> None:
    (spec,) = plugin.pktvisor_handlers()
    assert spec.reads(PacketBatch)


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent()
    yield made
    made.close()


def test_each_new_stream_gets_a_policy_of_its_own(agent: Agent) -> None:
    agent.create_tap(b"visor: {taps: {m: {input_type: mock}}}")
    agent.create_policy(policy("p"))
    (stream,) = agent.policy_info("p")["p"]["input"]
    name = f"{stream}-resources"
    assert agent.policy_names() == ["p", name]
    shown = agent.snapshot(name).by_handler()[name]["input_resources"]
    assert (shown["policy_count"], shown["handler_count"]) == (1, 1)
    agent.create_policy(policy("q"))
    shown = agent.snapshot(name).by_handler()[name]["input_resources"]
    assert (shown["policy_count"], shown["handler_count"]) == (2, 3)


def test_of_policies_that_come_at_once_all_but_the_first_count(agent: Agent) -> None:
    modules = {"p": "{a: {type: net}, b: {type: dns}}", "q": "{a: {type: net}, b: {type: net}}"}
    text = "visor:\n  taps: {m: {input_type: mock}}\n  policies:\n" + "".join(
        f"    {name}: {{kind: collection, input: {{tap: m, input_type: mock}},"
        f" handlers: {{modules: {found}}}}}\n"
        for name, found in modules.items()
    )
    agent.load(text)
    (name,) = [name for name in agent.policy_names() if name.endswith("-resources")]
    shown = agent.snapshot(name).by_handler()[name]["input_resources"]
    assert (shown["policy_count"], shown["handler_count"]) == (2, 3)


def test_it_goes_with_the_last_policy_that_uses_its_stream(agent: Agent) -> None:
    agent.create_tap(b"visor: {taps: {m: {input_type: mock}}}")
    agent.create_policy(policy("p"))
    agent.delete_policy("p")
    assert agent.policy_names() == []
    assert agent.streams() == []


def test_deleting_it_alone_leaves_the_stream_running(agent: Agent) -> None:
    agent.create_tap(b"visor: {taps: {m: {input_type: mock}}}")
    agent.create_policy(policy("p"))
    agent.delete_policy(agent.policy_names()[1])
    assert agent.policy_names() == ["p"]
    assert [status.state for status in agent.streams()] == ["running"]


def policy(name: str) -> bytes:
    return f"""
visor:
  policies:
    {name}:
      kind: collection
      input: {{tap: m, input_type: mock}}
      handlers: {{modules: {{net: {{type: net}}, dns: {{type: dns}}}}}}
""".encode()
