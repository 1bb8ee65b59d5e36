"""The mock input runs without packets, takes any settings, and can refuse to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pktvisor.engine.agent import Agent
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError
from pktvisor.streams import StreamContext
from pktvisor_mock import plugin
from pktvisor_mock.config import MockConfig
from pktvisor_mock.stream import MockStream


@pytest.fixture
def agent() -> Iterator[Agent]:
    plugins = Plugins()
    made = Agent(plugins)
    yield made
    made.close()


def tap(config: str) -> bytes:
    return f"visor: {{taps: {{m: {{input_type: mock, config: {config}}}}}}}".encode()


POLICY = b"""
visor:
  policies:
    p:
      kind: collection
      input: {tap: m, input_type: mock}
      handlers: {modules: {net: {type: net}}}
"""


def test_the_plugin_declares_one_input() -> None:
    assert [(spec.name, spec.version) for spec in plugin.pktvisor_inputs()] == [("mock", "1.0")]


def test_a_stopped_stream_ends() -> None:
    stream = MockStream(MockConfig(), StreamContext())
    batches = stream.batches()
    stream.stop()
    assert list(batches) == []


def test_a_policy_on_mock_runs_and_counts_nothing(agent: Agent) -> None:
    agent.create_tap(tap("{whatever: [1, 2], more: {deep: x}}"))
    info = agent.create_policy(POLICY)
    (stream,) = info["p"]["input"].values()
    assert stream["input"]["running"] is True
    assert agent.snapshot("p").by_handler()["p-m-net"]["packets"]["total"] == 0


def test_one_that_shall_not_start_leaves_no_trace(agent: Agent) -> None:
    agent.create_tap(tap("{except_on_start: true}"))
    with pytest.raises(ConfigError, match=r"policy \[p\] failed to start: .*except_on_start"):
        agent.create_policy(POLICY)
    assert agent.policy_names() == []
    assert agent.streams() == []
