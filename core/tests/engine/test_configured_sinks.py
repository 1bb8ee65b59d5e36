"""Sinks of a configuration file: made, kept, exchanged and ended with it; never half applied."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from core.tests.engine.counting import COUNT, CountBucket

from pktvisor import Plugins, SealedBucket, Sink, SinkSpec, hookimpl
from pktvisor.api.telemetry import agent_text
from pktvisor.batches import PacketBatch, Table
from pktvisor.engine.agent import Agent
from pktvisor.policies.errors import ConfigError
from pktvisor.streams import InputSpec, InputStream
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.frames import udp_frame

NS = 1_000_000_000


class ThreeMinutes(InputStream):
    """A packet a second, for three minutes."""

    def __init__(self, config: object, context: object) -> None:
        pass

    def batches(self) -> Iterator[Table]:
        frame = udp_frame("192.0.2.1", "192.0.2.2", 1, 2)
        yield packet_batch([(START_NS + second * NS, frame) for second in range(180)])


@dataclass(frozen=True)
class ListConfig:
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name: a name is needed")


class ListSink(Sink):
    """Counts of what was written, and which sinks were closed, by name."""

    written: dict[str, list[int]] = {}
    closed: list[str] = []
    made: list[str] = []

    def __init__(self, config: ListConfig) -> None:
        super().__init__(config)
        if config.name == "locked":
            raise PermissionError("locked: not allowed")
        ListSink.made.append(config.name)

    def write(self, sealed: SealedBucket) -> None:
        bucket = sealed.bucket
        assert isinstance(bucket, CountBucket)
        ListSink.written.setdefault(self.config.name, []).append(bucket.packets.value)
        if self.config.name == "failing":
            raise ConnectionError("nobody listens")

    def close(self) -> None:
        ListSink.closed.append(self.config.name)


PLUGIN = SimpleNamespace(
    __name__="sinks",
    pktvisor_inputs=hookimpl(specname="pktvisor_inputs")(
        lambda: [InputSpec(name="three", version="1.0", factory=ThreeMinutes, emits=PacketBatch)]
    ),
    pktvisor_handlers=hookimpl(specname="pktvisor_handlers")(lambda: [COUNT]),
    pktvisor_sinks=hookimpl(specname="pktvisor_sinks")(
        lambda: [SinkSpec(name="list", version="1.0", config=ListConfig, factory=ListSink)]
    ),
)


@pytest.fixture
def agent() -> Iterator[Agent]:
    ListSink.written, ListSink.closed, ListSink.made = {}, [], []
    plugins = Plugins(autoload=False)
    plugins.register(PLUGIN, "sinks")
    assert not plugins.broken()
    made = Agent(plugins)
    yield made
    made.close()


def document(*, policy: bool = True, **sinks: str) -> str:
    """A configuration with these sinks, each with its `name` setting."""
    found = {name: {"sink_type": "list", "config": {"name": word}} for name, word in sinks.items()}
    policies = {
        "p": {
            "kind": "collection",
            "input": {"tap": "t", "input_type": "three"},
            "handlers": {"modules": {"c": {"type": "count"}}},
        }
    }
    visor = {
        "taps": {"t": {"input_type": "three"}},
        "sinks": found,
        "policies": policies if policy else {},
    }
    return json.dumps({"version": "1.0", "visor": visor})


def test_every_sink_gets_every_finished_minute(agent: Agent) -> None:
    agent.load(document(one="a", two="b"))
    agent.join()
    agent.close()
    assert ListSink.written == {"a": [60, 60, 60], "b": [60, 60, 60]}
    assert sorted(ListSink.closed) == ["a", "b"]


def test_what_a_sink_wrote_and_lost_is_in_health(agent: Agent) -> None:
    agent.load(document(good="a", bad="failing"))
    agent.join()
    deadline = time.monotonic() + 30
    while any(status.written + status.errors < 3 for status in agent.sinks()):
        assert time.monotonic() < deadline, agent.sinks()
        time.sleep(0.01)
    shown = agent.health()["sinks"]
    assert shown["good"] == {
        "type": "list",
        "offered": 3,
        "written": 3,
        "errors": 0,
        "dropped": 0,
        "waiting": 0,
        "last_error": "",
        "name": "good",
    }
    assert shown["bad"]["errors"] == 3
    assert shown["bad"]["last_error"] == "ConnectionError: nobody listens"


def test_equal_sinks_go_on_over_a_reload_and_others_are_exchanged(agent: Agent) -> None:
    agent.load(document(kept="a", changed="b", gone="c"))
    agent.replace(document(kept="a", changed="B", new="d"))
    assert ListSink.made == ["a", "b", "c", "B", "d"]
    assert sorted(ListSink.closed) == ["b", "c"]
    assert [status.name for status in agent.sinks()] == ["kept", "changed", "new"]


@pytest.mark.parametrize(
    ("sinks", "error"),
    [
        ({"bad": ""}, "visor.sinks.bad.config.name: sink 'list': name: a name is needed"),
        ({"bad": "locked"}, "visor.sinks.bad: sink 'bad' failed to start: locked: not allowed"),
    ],
)
def test_a_sink_that_cannot_be_made_leaves_all_as_it_was(
    agent: Agent, sinks: dict[str, str], error: str
) -> None:
    agent.load(document(kept="a"))
    with pytest.raises(ConfigError) as refused:
        agent.replace(document(policy=False, new="n", **sinks))
    assert error in str(refused.value)
    assert agent.policy_names() == ["p"]
    assert [status.name for status in agent.sinks()] == ["kept"]
    assert ListSink.closed in ([], ["n"])


def test_sinks_made_for_a_refused_configuration_are_closed(agent: Agent) -> None:
    with pytest.raises(ConfigError, match="failed to start"):
        agent.load(document(first="f", second="locked"))
    assert ListSink.closed == ["f"]
    assert agent.sinks() == []


@pytest.mark.parametrize(
    ("sink", "error"),
    [
        ({"sink_type": "carrots"}, "sinks.s.sink_type: no sink 'carrots' is installed; installed"),
        ({"config": {"name": "x"}}, "sinks.s.sink_type: missing"),
        ({"sink_type": "list", "config": {"name": "x", "colour": 1}}, "unknown key 'colour'"),
        ("list", "sink configuration map expected"),
    ],
)
def test_what_is_wrong_with_a_sink_is_named_with_its_place(
    agent: Agent, sink: object, error: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        agent.load(json.dumps({"version": "1.0", "visor": {"sinks": {"s": sink}}}))
    assert error in str(refused.value)


def test_prometheus_has_a_sinks_figures_as_counters(agent: Agent) -> None:
    agent.load(document(one="failing"))
    agent.join()
    agent.stop()
    (status,) = agent.sinks()
    text = agent_text((), [status], {})
    assert 'pktvisor_sink_offered_buckets_total{sink="one",type="list"} 3.0' in text
    for name in ("written", "errors", "dropped"):
        assert f"# TYPE pktvisor_sink_{name}_buckets_total counter" in text
    assert "# TYPE pktvisor_sink_waiting_buckets gauge" in text
