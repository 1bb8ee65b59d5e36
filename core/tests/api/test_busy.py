"""A handler that does not come to an end with a batch: what can be answered is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.testing import TestClient

from pktvisor.api.access import Access
from pktvisor.api.app import create_app, guarded
from pktvisor.batches import Array
from pktvisor.engine import Limits
from pktvisor.engine.agent import Agent
from pktvisor.hookspecs import hookimpl
from pktvisor.streams import HandlerSpec, StreamHandler

from .conftest import (
    HOST,
    CountConfig,
    TickBucket,
    Ticks,
    policy_document,
    tap_document,
    tick_plugins,
)


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


@pytest.fixture
def busy() -> Iterator[Agent]:
    """An agent in the middle of a batch that does not end."""
    Stuck.entered.clear()
    Stuck.let_go.clear()
    plugins = tick_plugins()
    plugins.register(PLUGIN, "stuck")
    agent = Agent(plugins, limits=Limits(answer_s=0.05))
    agent.load(tap_document())
    agent.load(policy_document("default", modules={"m": {"type": "stuck"}}))
    assert Stuck.entered.wait(10)
    yield agent
    Stuck.let_go.set()
    agent.close()


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


def test_health_needs_neither_the_lock_of_changes_nor_a_thread(
    busy: Agent, client: TestClient[Any]
) -> None:
    changing = threading.Thread(target=busy.delete_policy, args=("default",))
    changing.start()  # holds the lock until the handler returns
    readers = [threading.Thread(target=busy.policy_info) for _ in range(3)]
    for reader in readers:
        reader.start()
    assert client.get("/health").status_code == 200
    assert changing.is_alive()
    Stuck.let_go.set()
    for thread in (changing, *readers):
        thread.join(10)
    assert "default" not in client.get("/api/v1/policies").json()


def test_questions_nobody_waits_for_any_more_do_not_pile_up(
    busy: Agent, client: TestClient[Any]
) -> None:
    for _ in range(5):
        assert client.get("/api/v1/metrics/bucket/0").status_code == 503
    (runner,) = busy._engine._runners.values()
    assert not runner._queue._commands
    Stuck.let_go.set()
    busy.join()
    assert client.get("/api/v1/metrics/bucket/0").json()["1m"]["ticks"]["total"] == 10
