"""Handlers that do not return, or end the program: the change is whole, and nobody else waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from pktvisor.engine import Limits
from pktvisor.engine.agent import Agent
from pktvisor.engine.turns import Busy
from pktvisor.hookspecs import hookimpl
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError
from pktvisor.streams import Control, HandlerSpec, InputSpec

from .conftest import PacketBatch, Tally, TallyBucket, TallyConfig, Wire, WireConfig

LONG_S = 60


class OpenWire(Wire):
    """Emits nothing and does not end before it is told to."""

    recorded = False

    def __init__(self, config: WireConfig, context: Any) -> None:
        super().__init__(config, context)
        self.ended = threading.Event()

    def batches(self) -> Iterator[PacketBatch]:
        self.ended.wait(LONG_S)
        return iter(())

    def stop(self) -> None:
        self.ended.set()


class Unruly(Tally):
    """Does in the place `where` what is to be `done`, and remembers who called it."""

    where = ""
    done: Callable[[], object] = staticmethod(bool)
    threads: set[str]
    calls: list[str]

    def __init__(self, config: TallyConfig, context: Any) -> None:
        super().__init__(config, context)
        self._called("factory")

    def _called(self, where: str) -> None:
        if where != "factory":
            self.threads.add(threading.current_thread().name)
        self.calls.append(where)
        if where == self.where:
            self.done()

    def control(self, row: Control, bucket: TallyBucket) -> None:
        self._called("control")

    def info(self) -> Mapping[str, Any]:
        self._called("info")
        return {}

    def close(self) -> None:
        self._called("close")


class Plugin:
    @hookimpl
    def pktvisor_inputs(self) -> Iterator[InputSpec]:
        yield InputSpec(
            name="open_wire", version="1.0", config=WireConfig, factory=OpenWire, emits=PacketBatch
        )

    @hookimpl
    def pktvisor_handlers(self) -> Iterator[HandlerSpec]:
        yield HandlerSpec(
            name="unruly",
            version="1.0",
            config=TallyConfig,
            bucket=TallyBucket,
            factory=Unruly,
            accepts=(PacketBatch,),
        )


def policy(name: str, kind: str = "unruly") -> bytes:
    return f"""
visor:
  policies:
    {name}:
      kind: collection
      input: {{input_type: open_wire, tap: t}}
      handlers: {{modules: {{m: {{type: {kind}}}}}}}
""".encode()


@pytest.fixture
def unruly(plugins: Plugins) -> Iterator[Agent]:
    """An agent with a policy that behaves, on a stream that runs."""
    Unruly.where, Unruly.done = "", staticmethod(bool)
    Unruly.threads, Unruly.calls = set(), []
    plugins.register(Plugin(), "unruly")
    made = Agent(plugins)
    made.create_tap(b"visor: {taps: {t: {input_type: open_wire}}}")
    made.create_policy(policy("good", "tally"))
    yield made
    made.close()


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def short(agent: Agent, answer_s: float = 0.2) -> None:
    """Let streams wait for hardly any time for what their handlers are asked while held."""
    for runner in agent._engine._runners.values():
        runner._worker._answer_s = answer_s


def goes_on(agent: Agent) -> None:
    """Its policies can be asked, and changed."""
    short(agent, 10)
    Unruly.where = ""
    assert "good" in agent.policy_info()
    agent.create_policy(policy("next", "tally"))
    agent.delete_policy("next")


def exits() -> None:
    raise SystemExit(3)


def test_all_calls_of_a_handler_come_from_the_streams_worker(unruly: Agent) -> None:
    unruly.create_policy(policy("p"))
    unruly.create_policy(policy("q"))
    unruly.policy_info("p")
    unruly.delete_policy("q")
    unruly.delete_policy("p")
    assert {"control", "info", "close"} < set(Unruly.calls)
    (stream,) = unruly.streams()
    assert Unruly.threads == {f"worker-open_wire-{stream.tap}"}


def test_those_of_a_stream_that_has_ended_do_too(unruly: Agent) -> None:
    (stream,) = unruly.streams()
    unruly._engine.runner(stream.tap).stop()
    unruly.create_policy(policy("p"))
    unruly.delete_policy("p")
    assert Unruly.threads == {f"worker-open_wire-{stream.tap}"}


@pytest.mark.parametrize("where", ["control", "info"])
def test_a_policy_whose_handler_hangs_when_it_is_made_is_refused(
    unruly: Agent, let_go: threading.Event, where: str
) -> None:
    Unruly.where, Unruly.done = where, staticmethod(lambda: let_go.wait(LONG_S))
    short(unruly)
    with pytest.raises(Busy, match=r"stream t-\w+: a handler has not returned for 0.2 s"):
        unruly.create_policy(policy("bad"))
    assert unruly.policy_names() == ["good"]
    goes_on(unruly)


@pytest.mark.parametrize("where", ["control", "info"])
def test_its_stream_is_not_left_over(unruly: Agent, let_go: threading.Event, where: str) -> None:
    unruly.delete_policy("good")
    assert unruly.streams() == []
    Unruly.where, Unruly.done = where, staticmethod(lambda: let_go.wait(LONG_S))
    unruly._engine.limits = Limits(answer_s=0.5)
    with pytest.raises(Busy):
        unruly.create_policy(policy("bad"))
    assert (unruly.policy_names(), unruly.streams()) == ([], [])


def test_one_that_hangs_when_it_is_closed_is_left_behind_and_the_others_go_on(
    unruly: Agent, let_go: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    unruly.create_policy(policy("bad"))
    Unruly.where, Unruly.done = "close", staticmethod(lambda: let_go.wait(LONG_S))
    short(unruly)
    unruly.delete_policy("bad")
    assert "handler bad-t-m does not return; left behind" in caplog.text
    assert unruly.policy_names() == ["good"]
    goes_on(unruly)
    let_go.set()
    goes_on(unruly)


def test_one_that_was_never_attached_is_left_behind_when_it_hangs(
    unruly: Agent, let_go: threading.Event
) -> None:
    Unruly.where, Unruly.done = "close", staticmethod(lambda: let_go.wait(LONG_S))
    twice = policy("bad").replace(b"{m: ", b"{a: {type: unruly}, m: ")
    twice = twice.replace(b"m: {type: unruly}", b"m: {type: tally, config: {fail: true}}")
    unruly._engine.limits = Limits(answer_s=0.2)
    with pytest.raises(ConfigError, match="the tally is full"):
        unruly.create_policy(twice)
    assert Unruly.calls == ["factory", "close"]
    unruly._engine.limits = Limits()
    goes_on(unruly)


def test_one_that_hangs_while_the_agent_ends_is_left_behind(
    unruly: Agent, let_go: threading.Event
) -> None:
    unruly.create_policy(policy("bad"))
    Unruly.where, Unruly.done = "close", staticmethod(lambda: let_go.wait(LONG_S))
    unruly.close()
    assert "close" in Unruly.calls
    assert unruly.streams() == []


def test_who_waits_for_another_change_waits_for_a_while_only(unruly: Agent) -> None:
    held, let_go = threading.Event(), threading.Event()

    def change() -> None:
        with unruly._lock:
            held.set()
            let_go.wait(LONG_S)

    changing = threading.Thread(target=change)
    changing.start()
    assert held.wait(10)
    unruly._lock._patience_s = 0.01
    with pytest.raises(Busy, match=r"another change is under way for 0\.01 s"):
        unruly.delete_policy("good")
    with pytest.raises(Busy):
        unruly.replace(b"visor: {}")
    with pytest.raises(Busy):
        unruly.objects.create_input("open_wire", b'{"name": "i"}')
    unruly._lock._patience_s = 10
    let_go.set()
    changing.join()
    goes_on(unruly)


@pytest.mark.parametrize("where", ["control", "info"])
def test_a_policy_whose_handler_exits_is_made_all_the_same(unruly: Agent, where: str) -> None:
    Unruly.where, Unruly.done = where, staticmethod(exits)
    assert "bad" in unruly.create_policy(policy("bad"))
    assert {status.state for status in unruly.streams()} == {"running"}
    goes_on(unruly)


def test_a_policy_whose_handler_exits_when_it_is_closed_is_gone(unruly: Agent) -> None:
    unruly.create_policy(policy("bad"))
    Unruly.where, Unruly.done = "close", staticmethod(exits)
    unruly.delete_policy("bad")
    assert unruly.policy_names() == ["good"]
    goes_on(unruly)


def test_a_factory_that_exits_refuses_the_policy(unruly: Agent) -> None:
    Unruly.where, Unruly.done = "factory", staticmethod(exits)
    with pytest.raises(ConfigError, match="handler 'bad-t-m' failed to start: SystemExit: 3"):
        unruly.create_policy(policy("bad"))
    assert unruly.policy_names() == ["good"]
    goes_on(unruly)


def test_a_stream_that_cannot_be_ended_keeps_nothing_from_being_done(
    unruly: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenWire, "close", lambda self: exits())
    unruly.delete_policy("good")
    assert unruly.streams() == []


def test_each_change_by_request_and_by_file_is_logged(
    unruly: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    unruly.create_tap(b"visor: {taps: {u: {input_type: open_wire}}}")
    unruly.create_policy(policy("mine", "tally"))
    unruly.delete_policy("mine")
    unruly.delete_tap("u")
    unruly.replace(b"visor: {taps: {f: {input_type: open_wire}}}")
    unruly.replace(b"visor: {taps: {f: {input_type: open_wire, config: {packets: 1}}}}")
    unruly.objects.create_input("open_wire", b'{"name": "i"}')
    unruly.objects.attach("open_wire", "i", "tally", b'{"name": "h"}')
    unruly.objects.detach("open_wire", "i", "h")
    unruly.objects.delete_input("open_wire", "i")
    assert [record.getMessage() for record in caplog.records] == [
        "tap u added",
        "policy mine runs",
        "policy mine removed",
        "tap u removed",
        "tap f added",
        "tap f changed",
        "input i runs",
        "handler h of input i runs",
        "handler h of input i removed",
        "input i removed",
    ]
