"""An agent over a made-up input and handler, behind the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from litestar.testing import TestClient

from pktvisor.api.access import Access
from pktvisor.api.app import create_app, guarded
from pktvisor.batches import Array, Column, Table
from pktvisor.engine.agent import Agent
from pktvisor.hookspecs import hookimpl
from pktvisor.metrics import Bucket, Counter, TopN
from pktvisor.plugins import Plugins
from pktvisor.policies.trust import REACHES, Trust
from pktvisor.streams import HandlerSpec, InputSpec, InputStream, StreamHandler

NS = 1_000_000_000
START_S = 1_800_000_000
HOST = "127.0.0.1:10853"


class Ticks(Table):
    timestamp_ns = Column(np.int64, "ns", "time")


@dataclass(frozen=True)
class TickConfig:
    """Ticks one second apart; `file` and `bind` do nothing but reach out."""

    count: int = 10
    file: str = field(default="", metadata={REACHES: "path"})
    bind: str = field(default="", metadata={REACHES: "endpoint"})

    def __post_init__(self) -> None:
        if self.count == 13:
            raise ValueError("count: 13 is bad luck")


class TickStream(InputStream):
    recorded = True

    def __init__(self, config: TickConfig, context: Any) -> None:
        if config.count == 99:
            raise PermissionError("not allowed to count to 99")
        self.count = config.count

    def batches(self) -> Iterator[Table]:
        times = (START_S + np.arange(self.count, dtype=np.int64)) * NS
        yield Ticks(len(times), {"timestamp_ns": times})


class TickBucket(Bucket):
    schema = "ticks"
    groups = {"counters": True}
    total = Counter("total", help="Ticks", group="counters")
    kinds = TopN("top_kinds", help="Kinds of ticks", label="kind")


@dataclass(frozen=True)
class CountConfig:
    note: str = ""


class TickHandler(StreamHandler[Ticks, TickBucket]):
    def update(self, batch: Ticks, bucket: TickBucket) -> Array | None:
        bucket.total.add(len(batch))
        return None


PLUGIN = SimpleNamespace(
    __name__="ticks",
    pktvisor_inputs=hookimpl(specname="pktvisor_inputs")(
        lambda: [
            InputSpec(
                name="ticks", version="1.0", config=TickConfig, factory=TickStream, emits=Ticks
            )
        ]
    ),
    pktvisor_handlers=hookimpl(specname="pktvisor_handlers")(
        lambda: [
            HandlerSpec(
                name="count",
                version="1.0",
                config=CountConfig,
                bucket=TickBucket,
                factory=TickHandler,
                accepts=(Ticks,),
            )
        ]
    ),
)


def tick_plugins() -> Plugins:
    plugins = Plugins(autoload=False)
    plugins.register(PLUGIN, "ticks", "tests", "1.0")
    assert not plugins.broken()
    return plugins


def tap_document(name: str = "t", **config: Any) -> bytes:
    tap = {"input_type": "ticks", "config": {key: str(value) for key, value in config.items()}}
    return json.dumps({"version": "1.0", "visor": {"taps": {name: tap}}}).encode()


def policy_document(name: str = "p", tap: str = "t", **handlers: Any) -> bytes:
    policy = {
        "kind": "collection",
        "input": {"tap": tap, "input_type": "ticks"},
        "handlers": {"modules": {"c": {"type": "count"}}, **handlers},
    }
    return json.dumps({"version": "1.0", "visor": {"policies": {name: policy}}}).encode()


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent(tick_plugins(), trust=Trust(("/srv",), ("192.0.2.1",)))
    yield made
    made.close()


ClientMaker = Callable[..., TestClient[Any]]


@pytest.fixture
def client_of(agent: Agent) -> ClientMaker:
    """Makes clients of the agent's API as it stands behind its guard."""

    def make(*, writes: bool = True, token: str | None = None, **options: Any) -> TestClient[Any]:
        app = create_app(agent, writes=writes, **options)
        access = Access.listening(["localhost"], [], writes=writes, token=token)
        return TestClient(guarded(app, access), base_url=f"http://{HOST}")

    return make


@pytest.fixture
def client(client_of: ClientMaker) -> TestClient[Any]:
    return client_of()
