"""The handler key `recorded_stream`: whatever its value, the traffic is no live traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pktvisor.batches import PacketBatch
from pktvisor.engine import Engine
from pktvisor.metrics import Bucket, Counter
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, InputSpec, InputStream, StreamHandler


class Total(Bucket):
    schema = "total"
    total = Counter("total", "Count of packets")


@dataclass(frozen=True)
class Config:
    recorded_stream: Any = None


class Quiet(InputStream):
    recorded = False

    def __init__(self, config: Any, context: Any) -> None:
        pass

    def batches(self) -> Any:
        return iter(())


class Idle(StreamHandler[PacketBatch, Total]):
    def update(self, batch: PacketBatch, bucket: Total) -> None:
        bucket.total.add(len(batch))


@pytest.mark.parametrize(
    ("config", "recorded"),
    [({}, False), ({"recorded_stream": True}, True), ({"recorded_stream": False}, True)],
)
def test_its_presence_marks_the_buckets_of_a_live_stream(
    config: dict[str, Any], recorded: bool
) -> None:
    source = InputSpec(name="quiet", version="1.0", factory=Quiet, emits=PacketBatch)
    idle = HandlerSpec(
        name="idle", version="1.0", config=Config, bucket=Total, factory=Idle,
        accepts=(PacketBatch,),
    )  # fmt: skip
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_tap("tap", source)
        engine.add_policy("policy", "tap", [(idle, config)])
        (handler,) = engine.snapshot("policy").handlers.values()
        assert handler.buckets[0].settings.recorded is recorded
