"""The agent: what is posted runs, what is refused leaves no trace, what is deleted is gone."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.engine.agent import Agent
from pktvisor.policies.errors import AlreadyExists, ConfigError, NoTapMatch, NotFound

TAP = b'visor: {taps: {t: {input_type: wire, config: {packets: 5}, tags: {env: test, n: "1"}}}}'


def policy(name: str = "p", module: str = "type: tally", source: str = "tap: t") -> bytes:
    return f"""
visor:
  policies:
    {name}:
      kind: collection
      input: {{input_type: wire, {source}}}
      handlers:
        modules:
          m: {{{module}}}
""".encode()


def streams(agent: Agent) -> dict[str, Any]:
    return agent.health()["inputs"]


def test_a_created_tap_is_described_as_the_api_shows_it(agent: Agent) -> None:
    assert agent.create_tap(TAP) == {
        "t": {
            "config": {"packets": 5},
            "input_type": "wire",
            "interface": "visor.module.input/1.0",
            "tags": {"env": "test", "n": 1},
        }
    }


def test_a_created_policy_counts_what_its_tap_emits(agent: Agent) -> None:
    agent.create_tap(TAP)
    agent.create_policy(policy())
    agent.join()
    assert agent.snapshot("p").by_handler()["p-t-m"]["tally"]["total"] == 5


def test_a_policy_with_equal_settings_shares_the_stream(agent: Agent) -> None:
    agent.create_tap(TAP)
    first = agent.create_policy(policy("p"))["p"]["input"]
    second = agent.create_policy(policy("q"))["q"]["input"]
    assert list(first) == list(second)
    assert len(streams(agent)) == 1


def test_a_name_that_is_taken_is_said_to_exist_already(agent: Agent) -> None:
    agent.create_tap(TAP)
    agent.create_policy(policy())
    with pytest.raises(AlreadyExists, match=r"visor\.policies\.p: .*already"):
        agent.create_policy(policy())
    with pytest.raises(AlreadyExists, match=r"visor\.taps\.t: .*already"):
        agent.create_tap(TAP)


def test_a_selector_that_matches_no_tap_is_told_apart(agent: Agent) -> None:
    agent.create_tap(TAP)
    with pytest.raises(NoTapMatch) as caught:
        agent.create_policy(policy(source="tap_selector: {any: [{env: other}]}"))
    assert str(caught.value) == "no tap match found for specified 'input.tap_selector' tags"


def test_a_refused_policy_leaves_no_stream(agent: Agent) -> None:
    agent.create_tap(TAP)
    with pytest.raises(ConfigError, match="the tally is full"):
        agent.create_policy(policy(module="type: tally, config: {fail: true}"))
    assert streams(agent) == {}
    assert agent.policy_names() == []


def test_the_last_policy_takes_its_stream_along(agent: Agent) -> None:
    agent.create_tap(TAP)
    agent.create_policy(policy("p"))
    agent.create_policy(policy("q"))
    agent.delete_policy("p")
    assert len(streams(agent)) == 1
    agent.delete_policy("q")
    assert streams(agent) == {}


def test_what_is_not_there_is_not_found(agent: Agent) -> None:
    for ask in (agent.policy_info, agent.delete_policy, agent.snapshot):
        with pytest.raises(NotFound, match="policy does not exists"):
            ask("nope")
    for ask in (agent.tap_info, agent.delete_tap):
        with pytest.raises(NotFound, match="tap does not exists"):
            ask("nope")
