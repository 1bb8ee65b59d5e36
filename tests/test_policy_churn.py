"""Policies come and go under traffic: the others lose nothing, and nothing is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pktvisor import InputSpec, InputStream, PacketBatch, hookimpl
from pktvisor.engine.agent import Agent
from pktvisor.plugins import Plugins
from pktvisor.streams import StreamContext
from pktvisor_sdk import dns
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import udp_frame

ROWS = 64
PACE_S = 0.01  # as often as any machine handles two policies' batches beside everything else


@dataclass(frozen=True)
class SourceConfig:
    number: int = 0


class Source(InputStream):
    """A live stream of DNS queries at some 6,000 a second."""

    recorded = False

    def __init__(self, config: SourceConfig, context: StreamContext) -> None:
        self._stopped = threading.Event()
        query = dns.query("www.example.org")
        self._frames = [
            udp_frame("192.0.2.1", "192.0.2.2", 4000 + n, 53, query) for n in range(ROWS)
        ]

    def batches(self) -> Iterator[PacketBatch | None]:
        while not self._stopped.wait(PACE_S):
            yield packet_batch(self._frames)

    def stop(self) -> None:
        self._stopped.set()


class Plugin:
    @hookimpl
    def pktvisor_inputs(self) -> Iterator[InputSpec]:
        yield InputSpec(
            name="source", version="1.0", config=SourceConfig, factory=Source, emits=PacketBatch
        )


@pytest.fixture
def agent() -> Iterator[Agent]:
    plugins = Plugins()
    plugins.register(Plugin(), "source")
    made = Agent(plugins)
    made.create_tap(b"visor: {taps: {t: {input_type: source}}}")
    made.create_policy(policy("kept"))
    yield made
    made.close()


def policy(name: str, number: int = 0) -> bytes:
    return f"""
visor:
  policies:
    {name}:
      kind: collection
      input: {{tap: t, input_type: source, config: {{number: {number}}}}}
      handlers:
        window_config: {{num_periods: 1}}
        modules: {{net: {{type: net}}, dns: {{type: dns}}}}
""".encode()


def left() -> tuple[int, int, int]:
    """Threads, descriptors, and MiB of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return (
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
        pages * os.sysconf("SC_PAGE_SIZE") >> 20,
    )


def churn(agent: Agent, times: int, number: int) -> None:
    for _ in range(times):
        agent.create_policy(policy("guest", number))
        agent.snapshot("guest")
        agent.delete_policy("guest")


def check_kept(agent: Agent) -> None:
    agent.stop()
    (status,) = agent.streams()
    assert status.processed > 0
    assert (status.unaccounted, status.queue_drops) == (0, 0)
    shown: Any = agent.snapshot("kept").by_handler()
    assert shown["kept-t-net"]["packets"]["total"] == status.processed
    assert shown["kept-t-dns"]["dns"]["wire_packets"]["total"] == status.processed


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc, which is Linux's")
@pytest.mark.parametrize(
    ("times", "number"),
    [pytest.param(1000, 0, id="on a shared stream"), pytest.param(100, 1, id="on their own")],
)
def test_policies_that_come_and_go_cost_the_others_nothing(
    agent: Agent, times: int, number: int
) -> None:
    churn(agent, times // 10, number)  # what is imported and cached once
    threads, descriptors, memory = left()
    churn(agent, times, number)
    threads_now, descriptors_now, memory_now = left()
    assert (threads_now, descriptors_now) == (threads, descriptors)
    assert memory_now <= memory + 16
    check_kept(agent)
