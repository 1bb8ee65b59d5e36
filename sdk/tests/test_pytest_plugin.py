"""The fixtures this kit brings are there without an import, and do what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pktvisor import Engine, Plugins, summarize
from pktvisor_sdk.captures import START_NS, packet_batch
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.live import LiveBench
from pktvisor_sdk.streams import FakeStream, ManualClock, fake_input

NET = Plugins().handler("net")
FRAME = udp_frame("192.0.2.1", "10.0.0.1", 4242, 53, b"hello")

pytest_plugins = ["pytester"]


def test_the_clock_goes_on_only_when_it_is_told(pktvisor_clock: ManualClock) -> None:
    assert pktvisor_clock.now_ns() == START_NS
    pktvisor_clock.advance(1.5)
    assert pktvisor_clock.now_ns() == START_NS + 1_500_000_000


def test_frames_become_a_capture_file(
    pktvisor_capture: Callable[..., Path], pktvisor_frames: list[Any]
) -> None:
    path = pktvisor_capture(pktvisor_frames, nanoseconds=True)
    assert summarize(path, ["net"]).to_dict()["1m"]["packets"]["total"] == len(pktvisor_frames)


def test_live_packets_count_in_the_minute_they_come(
    pktvisor_live: Callable[..., LiveBench],
) -> None:
    live = pktvisor_live(NET, host_spec="10.0.0.0/8")
    live.send(FRAME, FRAME)
    assert live.shown()["total"] == 2
    live.advance(61)
    live.send(FRAME)
    assert [live.shown(bucket)["in"] for bucket in (0, 1)] == [1, 2]
    assert live.shown(1)["period"]["length"] in (60, 61)


def test_a_minute_without_packets_ends_all_the_same(
    pktvisor_live: Callable[..., LiveBench],
) -> None:
    live = pktvisor_live(NET)
    live.send(FRAME)
    live.advance(59.5)
    assert len(live.buckets()) == 1
    live.advance(0.5)
    assert [live.shown(bucket)["total"] for bucket in (0, 1)] == [0, 1]
    assert live.shown(1)["period"]["length"] == 60


def test_every_minute_of_a_long_silence_is_one_of_its_own(
    pktvisor_live: Callable[..., LiveBench],
) -> None:
    live = pktvisor_live(NET, periods=10)
    live.send(FRAME)
    live.advance(250)
    lengths = [live.shown(bucket)["period"]["length"] for bucket in range(len(live.buckets()))]
    assert lengths == [10, 60, 60, 60, 60]


def test_two_live_handlers_share_the_clock(
    pktvisor_live: Callable[..., LiveBench], pktvisor_clock: ManualClock
) -> None:
    first, second = pktvisor_live(NET), pktvisor_live(NET)
    pktvisor_clock.advance(5)
    assert first.clock is second.clock is pktvisor_clock


def test_a_fake_stream_yields_what_is_put_into_it(pktvisor_stream: FakeStream) -> None:
    with Engine(Plugins(autoload=False)) as engine:
        engine.add_tap("fake", fake_input(pktvisor_stream))
        engine.add_policy("p", "fake", [NET])
        pktvisor_stream.put(packet_batch([FRAME]))
        while pktvisor_stream.waiting:
            engine.step("fake")
        assert engine.snapshot("p").to_dict()["5m"]["packets"]["events"] == 1


def test_pytest_lists_the_fixtures_wherever_the_kit_is_installed(pytester: pytest.Pytester) -> None:
    listed = pytester.runpytest_subprocess("--fixtures", "-q").stdout.str()
    for name in ("clock", "stream", "frames", "capture", "live"):
        assert f"pktvisor_{name}" in listed


def test_the_plugin_loads_nothing_of_pktvisor_before_it_is_asked() -> None:
    code = "import pktvisor_sdk.pytest_plugin, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
