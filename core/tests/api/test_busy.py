"""A handler that does not come to an end with a batch: what can be answered is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.concurrency import set_asyncio_executor
from litestar.testing import TestClient

from pktvisor.api.access import Access
from pktvisor.api.app import create_app, guarded
from pktvisor.batches import Array, Table
from pktvisor.engine import Limits
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy
from pktvisor.hookspecs import hookimpl
from pktvisor.policies.errors import NotFound
from pktvisor.streams import HandlerSpec, InputSpec, StreamHandler

from .conftest import (
    HOST,
    CountConfig,
    TickBucket,
    TickConfig,
    Ticks,
    TickStream,
    policy_document,
    tap_document,
    tick_plugins,
)


def until(happened: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def wait_for(agent: Agent, answer_s: float) -> None:
    """Change how long requests wait from now on."""
    agent._engine.limits = Limits(answer_s=answer_s)


class Stuck(StreamHandler[Ticks, TickBucket]):
    """Does not return before it is let go."""

    entered = threading.Event()
    let_go = threading.Event()

    def update(self, batch: Ticks, bucket: TickBucket) -> Array | None:
        self.entered.set()
        self.let_go.wait(60)
        bucket.total.add(len(batch))
        return None


STUCK = HandlerSpec(
    name="stuck",
    version="1.0",
    config=CountConfig,
    bucket=TickBucket,
    factory=Stuck,
    accepts=(Ticks,),
)
PLUGIN = SimpleNamespace(
    __name__="stuck",
    pktvisor_handlers=hookimpl(specname="pktvisor_handlers")(lambda: [STUCK]),
)


@contextmanager
def stuck(answer_s: float) -> Iterator[Agent]:
    """An agent in the middle of a batch that does not end."""
    Stuck.entered.clear()
    Stuck.let_go.clear()
    plugins = tick_plugins()
    plugins.register(PLUGIN, "stuck")
    agent = Agent(plugins)
    agent.load(tap_document())
    agent.load(policy_document("default", modules={"m": {"type": "stuck"}}))
    assert Stuck.entered.wait(10)
    wait_for(agent, answer_s)
    try:
        yield agent
    finally:
        Stuck.let_go.set()
        agent.close()


@pytest.fixture
def busy() -> Iterator[Agent]:
    """One that waits for hardly any time."""
    with stuck(0.05) as agent:
        yield agent


@pytest.fixture
def client(busy: Agent) -> TestClient[Any]:
    app = guarded(create_app(busy, writes=True), Access(writes=True))
    return TestClient(app, base_url=f"http://{HOST}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/metrics/bucket/0",
        "/api/v1/metrics/window/2",
        "/api/v1/policies",
        "/api/v1/policies/default",
        "/api/v1/policies/default/metrics/bucket/0",
        "/api/v1/policies/__all/metrics/prometheus",
    ],
)
def test_what_needs_the_handlers_is_answered_503_in_time(
    client: TestClient[Any], path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 503
    assert "its handlers are busy with one batch for 0.05 s" in answer.json()["error"]
    assert answer.headers["retry-after"] == "5"


def test_health_and_the_agents_own_metrics_are_there_all_the_same(client: TestClient[Any]) -> None:
    health = client.get("/health")
    assert (health.status_code, health.json()["alive"]) == (200, True)
    assert "pktvisor_input_up{" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/policies", policy_document("q")),
        ("DELETE", "/api/v1/policies/default", None),
    ],
)
def test_a_change_of_what_is_busy_is_refused_with_503_and_changes_nothing(
    client: TestClient[Any], busy: Agent, method: str, path: str, body: bytes | None
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.request(method, path, content=body, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    Stuck.let_go.set()
    busy.join()
    wait_for(busy, 10)
    assert list(client.get("/api/v1/policies").json()) == ["default"]
    assert client.get("/api/v1/metrics/bucket/0").json()["1m"]["ticks"]["total"] == 10


def test_a_file_that_changes_what_is_busy_is_refused_and_the_old_one_stays(busy: Agent) -> None:
    with pytest.raises(Busy):
        busy.replace(b"visor: {}")
    assert busy.policy_names() == ["default"]


def test_handlers_of_an_input_that_is_busy_stay_as_they_are(
    client: TestClient[Any], busy: Agent
) -> None:
    wait_for(busy, 10)
    inputs = "/api/v1/inputs/ticks/i/handlers"
    busy.objects.create_input("ticks", b'{"name": "i"}')
    runner = busy._engine.runner("/i")
    runner.join()
    busy.objects.attach("ticks", "i", "count", b'{"name": "one"}')
    let_go = threading.Event()
    runner._queue.command(let_go.wait)  # type: ignore[arg-type]  # nobody comes to answer
    wait_for(busy, 0.05)
    assert client.post(f"{inputs}/count", json={"name": "two"}).status_code == 503
    assert client.delete(f"{inputs}/count/one").status_code == 503
    let_go.set()
    wait_for(busy, 10)
    assert runner.consumers == 1
    assert client.get(f"{inputs}/count/one").status_code == 200
    assert client.get(f"{inputs}/count/two").status_code == 404
    assert client.post(f"{inputs}/count", json={"name": "two"}).status_code == 200
    assert client.delete(f"{inputs}/count/one").status_code == 200


def test_health_needs_neither_the_lock_of_changes_nor_a_thread() -> None:
    # All the threads there are for requests: one waits with the lock, the other for an answer.
    pool = ThreadPoolExecutor(2)
    set_asyncio_executor(pool)
    try:
        with stuck(60) as agent, ThreadPoolExecutor(1) as own:
            app = guarded(create_app(agent, writes=True), Access(writes=True))
            client = TestClient(app, base_url=f"http://{HOST}")
            waiting = agent._engine.runner(agent.streams()[0].tap)._queue._commands
            changing = pool.submit(agent.delete_policy, "default")
            until(lambda: len(waiting) == 1)
            reading = pool.submit(agent.policy_info)
            until(lambda: len(waiting) == 2)
            queued = pool.submit(int)
            assert own.submit(client.get, "/health").result(10).status_code == 200
            assert not agent._lock.acquire(timeout=0)
            assert not queued.done()
            Stuck.let_go.set()
            changing.result(10)
            assert "default" not in agent.policy_names()
            with suppress(NotFound):  # it asked before or after
                reading.result(10)
    finally:
        set_asyncio_executor(None)
        pool.shutdown()


def test_an_input_that_has_nothing_yet_is_described_when_it_is_made() -> None:
    let_go = threading.Event()

    class Silent(TickStream):
        def batches(self) -> Iterator[Table]:
            let_go.wait(60)
            yield from super().batches()

    spec = InputSpec(name="silent", version="1.0", config=TickConfig, factory=Silent, emits=Ticks)
    plugins = tick_plugins()
    plugins.register(
        SimpleNamespace(
            __name__="silent",
            pktvisor_inputs=hookimpl(specname="pktvisor_inputs")(lambda: [spec]),
        ),
        "silent",
    )
    agent = Agent(plugins)
    try:
        made = agent.objects.create_input("silent", b'{"name": "i"}')
        assert made["input"] == {"running": True, "consumers": 0}
    finally:
        let_go.set()
        agent.close()


def test_an_agent_ends_although_a_change_does_not() -> None:
    agent = Agent(tick_plugins())
    agent.load(tap_document())
    agent.load(policy_document("default"))
    held, let_go = threading.Event(), threading.Event()

    def change() -> None:
        with agent._lock:
            held.set()
            let_go.wait(60)

    changing = threading.Thread(target=change)
    changing.start()
    assert held.wait(10)
    agent.stop()
    assert [status.state for status in agent.streams()] == ["finished"]
    agent.close()
    assert changing.is_alive()
    let_go.set()
    changing.join()


def test_questions_nobody_waits_for_any_more_do_not_pile_up(
    busy: Agent, client: TestClient[Any]
) -> None:
    for _ in range(5):
        assert client.get("/api/v1/metrics/bucket/0").status_code == 503
    (runner,) = busy._engine._runners.values()
    assert not runner._queue._commands
    Stuck.let_go.set()
    busy.join()
    wait_for(busy, 10)
    assert client.get("/api/v1/metrics/bucket/0").json()["1m"]["ticks"]["total"] == 10
