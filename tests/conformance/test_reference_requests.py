"""Bodies that were posted to the original, posted to an agent: same outcome, same keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pktvisor.engine.agent import Agent
from pktvisor.policies.errors import AlreadyExists, ConfigError
from tests.conformance.shared import SHARED

API = SHARED / "reference" / "api"

TAPS = """
visor:
  taps:
    lo:
      input_type: pcap
      config: {iface: lo, pcap_source: mock, host_spec: "127.0.0.1/32"}
      tags: {env: test, n: 1}
"""

# Judged by the HTTP layer before the agent sees the body.
CONTENT_TYPE = {"post_nocontenttype", "post_wrongcontenttype"}
# What must be there before.
AFTER = {"post_dup_409": "post_ok_201", "tap_post_409": "tap_post_201"}

BODIES = sorted(path.stem for path in API.glob("*.body"))

pytestmark = pytest.mark.skipif(
    not BODIES, reason=f"no recorded answers under {API}; set PKTVISOR_CAPTURES"
)


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent()
    made.load(TAPS)
    yield made
    made.close()


def post(agent: Agent, name: str) -> dict[str, Any]:
    body = (API / f"{name}.body").read_bytes()
    return agent.create_tap(body) if name.startswith("tap_") else agent.create_policy(body)


def answer(name: str) -> tuple[int, Any]:
    head, _, body = (API / f"{name}.http").read_text().replace("\r", "").partition("\n\n")
    return int(head.split()[1]), json.loads(body)


def shape(value: Any, *, inside: str = "") -> Any:
    """The keys of an answer; names with a hash and what depends on traffic or machine left out."""
    if not isinstance(value, dict):
        return None
    if inside == "input":
        return [shape(stream) for stream in value.values()]
    loose = {"host_ips", "pcap", "events", "end_tstamp"}
    return {
        key: None if key in loose else shape(inner, inside=key)
        for key, inner in sorted(value.items())
        if key != "pcap_source"  # our tap says it, so that no interface is needed
    }


@pytest.mark.parametrize("name", [name for name in BODIES if name not in CONTENT_TYPE])
def test_a_body_has_the_outcome_it_had_there(agent: Agent, name: str) -> None:
    status, said = answer(name)
    if name in AFTER:
        post(agent, AFTER[name])
    if status in (200, 201):
        assert shape(post(agent, name)) == shape(said)
        return
    with pytest.raises(ConfigError) as caught:
        post(agent, name)
    assert isinstance(caught.value, AlreadyExists) == (status == 409)
    assert list(said) == ["error"]
