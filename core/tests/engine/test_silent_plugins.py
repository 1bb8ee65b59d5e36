"""An input or a handler that cannot say what it is still works, and is still there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pktvisor.engine.agent import Agent
from pktvisor.hookspecs import hookimpl
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, InputSpec

from .conftest import PacketBatch, Tally, TallyBucket, TallyConfig, Wire, WireConfig

CONFIG = """
visor:
  taps:
    t: {input_type: mute_wire, config: {packets: 6}}
  policies:
    p:
      kind: collection
      input: {input_type: mute_wire, tap: t}
      handlers: {modules: {m: {type: mute}}}
"""


class MuteWire(Wire):
    def info(self) -> Mapping[str, Any]:
        raise KeyError("iface")

    def resolved(self) -> Mapping[str, Any]:
        raise KeyError("iface")


class Mute(Tally):
    def info(self) -> Mapping[str, Any]:
        raise KeyError("open")


class Plugin:
    @hookimpl
    def pktvisor_inputs(self) -> Iterator[InputSpec]:
        yield InputSpec(
            name="mute_wire",
            version="1.0",
            config=WireConfig,
            factory=MuteWire,
            emits=PacketBatch,
        )

    @hookimpl
    def pktvisor_handlers(self) -> Iterator[HandlerSpec]:
        yield HandlerSpec(
            name="mute",
            version="1.0",
            config=TallyConfig,
            bucket=TallyBucket,
            factory=Mute,
            accepts=(PacketBatch,),
        )


@pytest.fixture
def mute(plugins: Plugins) -> Iterator[Agent]:
    plugins.register(Plugin(), "mute")
    made = Agent(plugins)
    made.load(CONFIG)
    made.join()
    yield made
    made.close()


def test_its_policy_is_described_without_what_it_does_not_say(mute: Agent) -> None:
    (module,) = mute.policy_info("p")["p"]["modules"].values()
    assert module["module"]["running"] is False
    assert set(mute.policy_info()) == {"p"}


def test_its_policy_has_its_figures(mute: Agent) -> None:
    assert mute.snapshot("p").handlers["p-t-m"].buckets[0].states["total"].value == 6  # type: ignore[attr-defined]


def test_what_is_made_by_name_is_there_too(mute: Agent) -> None:
    made = mute.objects.create_input("mute_wire", b'{"name": "w"}')
    assert made["module"]["name"] == "w"
    mute.objects.attach("mute_wire", "w", "mute", b'{"name": "h"}')
    assert "module" in mute.objects.handler_info("mute_wire", "w", "mute", "h")
    assert mute.objects.snapshot("mute_wire", "w", "mute", "h").handlers


def test_questions_without_an_answer_are_no_errors_of_the_handler(mute: Agent) -> None:
    for _ in range(20):
        mute.policy_info("p")
    (status,) = mute.streams()
    assert status.handlers[0].errors == 0
    assert status.problem is None
