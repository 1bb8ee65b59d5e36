"""What tables give up is counted for good, also when the bucket it happened in is long gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pktvisor.batches import Array, Column, Table
from pktvisor.engine import Engine, PolicySettings
from pktvisor.metrics import Bucket, TopN
from pktvisor.metrics.top_table import LARGEST_MAP
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerSpec, StreamHandler
from pktvisor_sdk.streams import given_input

NS = 1_000_000_000
START = 1_700_000_000 * NS
KEYS = LARGEST_MAP + 1


class Rows(Table):
    timestamp_ns = Column(np.int64, "ns", "time")
    key = Column(np.uint64, "", "what is counted")


class ListBucket(Bucket):
    schema = "listed"
    keys = TopN("top", help="Keys", label="key")


class Lister(StreamHandler[Rows, ListBucket]):
    """Counts keys; its own table gives up one entry with each batch, unless it is broken."""

    given_up = 0

    def update(self, batch: Rows, bucket: ListBucket) -> Array | None:
        self.given_up += 1
        bucket.keys.add_keys(batch.key, batch.key, np.arange(len(batch)))
        return None

    def evictions(self) -> Mapping[str, int]:
        if self.config is None:
            raise RuntimeError("broken on purpose")
        return {"own": self.given_up}


def spec(name: str, *, broken: bool = False) -> HandlerSpec:
    def make(config: Any, context: Any) -> Lister:
        return Lister(None if broken else config, context)

    return HandlerSpec(name=name, version="1.0", bucket=ListBucket, factory=make, accepts=(Rows,))


def evicted_after(*names: str, periods: int = 2) -> list[dict[str, Mapping[str, int]]]:
    """By handler, after each of three batches of as many keys as make a list give up some."""
    times = [np.full(KEYS, START + number * 61 * NS) for number in range(3)]
    keys = np.arange(KEYS, dtype=np.uint64)
    tables = [Rows(KEYS, {"timestamp_ns": at, "key": keys}) for at in times]
    found = []
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_tap("t", given_input(tables, Rows))
        specs = [spec(name, broken=name == "broken") for name in names]
        engine.add_policy("p", "t", specs, PolicySettings(periods=periods))
        for _ in times:
            engine.step("t")
            (status,) = engine.streams()
            found.append({handler.name: handler.evicted for handler in status.handlers})
    return found


@pytest.mark.parametrize("periods", [1, 2])
def test_evictions_only_grow_while_buckets_come_and_go(periods: int) -> None:
    counts = [found["a"]["metrics"] for found in evicted_after("a", periods=periods)]
    assert 0 < counts[0] < counts[1] < counts[2]


def test_every_handler_counts_for_itself_with_its_own_tables() -> None:
    last = evicted_after("a", "b")[-1]
    assert last["a"] == last["b"]
    assert last["a"]["own"] == 3


def test_a_handler_that_cannot_say_hides_nobody_elses_state() -> None:
    last = evicted_after("broken", "a")[-1]
    assert set(last["broken"]) == {"metrics"}
    assert set(last["a"]) == {"metrics", "own"}


def test_a_handler_that_cannot_say_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    evicted_after("broken")
    (record,) = [r for r in caplog.records if r.name == "pktvisor.engine.questions"]
    assert record.getMessage() == "handler broken cannot say its evictions"
