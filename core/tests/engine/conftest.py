"""A plugin of the simplest kind: an input that emits packets it is told to, and two handlers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from pktvisor.batches import Array, PacketBatch
from pktvisor.engine.agent import Agent
from pktvisor.hookspecs import hookimpl
from pktvisor.metrics import Bucket, Counter
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, InputSpec, InputStream, StreamContext, StreamHandler
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import udp_frame


@dataclass(frozen=True)
class WireConfig:
    packets: int = field(default=0, metadata={"doc": "how many packets to emit"})
    bpf: str = field(default="", metadata={"doc": "a filter", "filter": True})
    wire_file: str = field(default="", metadata={"doc": "a file", "reaches": "path"})
    bind: str = field(default="", metadata={"doc": "an address", "reaches": "endpoint"})
    fail: bool = field(default=False, metadata={"doc": "refuse to start"})


class Wire(InputStream):
    def __init__(self, config: WireConfig, context: StreamContext) -> None:
        if config.fail:
            raise ValueError("the wire is cut")
        self.config = config

    def batches(self) -> Iterator[PacketBatch]:
        if self.config.packets:
            yield packets(self.config.packets)


@dataclass(frozen=True)
class TallyConfig:
    only_even: bool = field(default=False, metadata={"doc": "every second", "filter": True})
    weight: int = field(default=1, metadata={"doc": "what one packet counts"})
    names: tuple[str, ...] = field(default=(), metadata={"doc": "some names"})
    fail: bool = field(default=False, metadata={"doc": "refuse to start"})

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 100:
            raise ValueError(f"weight {self.weight} is out of range; allowed is 1 to 100")


class TallyBucket(Bucket):
    schema = "tally"
    groups = {"counters": True, "extra": False}
    total = Counter("total", "Packets seen", group="counters")
    extra = Counter("extra", "Packets seen, again", group="extra")


class Tally(StreamHandler[PacketBatch, TallyBucket]):
    def __init__(self, config: TallyConfig, context: Any) -> None:
        if config.fail:
            raise ValueError("the tally is full")
        super().__init__(config, context)

    def update(self, batch: PacketBatch, bucket: TallyBucket) -> Array | None:
        rows = np.arange(len(batch), dtype=np.int64)
        if self.config.only_even:
            rows = rows[::2]
        bucket.total.add(len(rows) * self.config.weight)
        bucket.extra.add(len(rows))
        return rows


class Plugin:
    @hookimpl
    def pktvisor_inputs(self) -> Iterator[InputSpec]:
        yield InputSpec(
            name="wire",
            version="1.0",
            config=WireConfig,
            factory=Wire,
            emits=PacketBatch,
            file_key="wire_file",
        )

    @hookimpl
    def pktvisor_handlers(self) -> Iterator[HandlerSpec]:
        for version in ("1.0", "2.0"):
            yield HandlerSpec(
                name="tally",
                version=version,
                config=TallyConfig,
                bucket=TallyBucket,
                factory=Tally,
                accepts=(PacketBatch,),
            )


class Companion:
    @hookimpl
    def pktvisor_handlers(self) -> Iterator[HandlerSpec]:
        yield HandlerSpec(
            name="beside",
            version="1.0",
            config=TallyConfig,
            bucket=TallyBucket,
            factory=Tally,
            accepts=(PacketBatch,),
            companion="resources",
        )


def packets(count: int) -> PacketBatch:
    return packet_batch([udp_frame("192.0.2.1", "192.0.2.2", 4242, 53, b"")] * count)


@pytest.fixture
def plugins() -> Plugins:
    found = Plugins(autoload=False)
    found.register(Plugin(), "wire")
    return found


@pytest.fixture(scope="module")
def shared_plugins() -> Plugins:
    found = Plugins(autoload=False)
    found.register(Plugin(), "wire")
    return found


@pytest.fixture
def companion() -> Companion:
    return Companion()


@pytest.fixture
def agent(plugins: Plugins) -> Iterator[Agent]:
    made = Agent(plugins)
    yield made
    made.close()
