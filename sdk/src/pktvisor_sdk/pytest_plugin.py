"""Fixtures for tests of plugins: pytest finds them wherever this kit is installed.

Nothing of pktvisor is imported before a test asks for one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pktvisor import HandlerSpec
    from pktvisor_sdk.captures import Frame
    from pktvisor_sdk.live import LiveBench
    from pktvisor_sdk.streams import FakeStream, ManualClock

__all__ = [
    "pktvisor_capture",
    "pktvisor_clock",
    "pktvisor_frames",
    "pktvisor_live",
    "pktvisor_stream",
]


@pytest.fixture
def pktvisor_clock() -> ManualClock:
    """A clock that stands still until a test calls `advance`."""
    from pktvisor_sdk.captures import START_NS
    from pktvisor_sdk.streams import ManualClock

    return ManualClock(START_NS)


@pytest.fixture
def pktvisor_stream() -> FakeStream:
    """A live stream that yields what a test puts into it."""
    from pktvisor_sdk.streams import FakeStream

    return FakeStream()


@pytest.fixture
def pktvisor_frames() -> list[Frame]:
    """600 frames of DNS, TCP, UDP, ICMP and ARP, the same every time."""
    from pktvisor_sdk.traffic import sample_frames

    return sample_frames()


@pytest.fixture
def pktvisor_capture(tmp_path: Path) -> Callable[..., Path]:
    """Writes frames into a capture file: `pktvisor_capture(frames)`; options of `pcap_bytes`."""
    from pktvisor_sdk.captures import pcap_bytes

    def write(frames: Iterable[Frame], name: str = "frames.pcap", **options: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(pcap_bytes(frames, **options))
        return path

    return write


@pytest.fixture
def pktvisor_live(pktvisor_clock: ManualClock) -> Iterator[Callable[..., LiveBench]]:
    """Puts a handler under live traffic: `pktvisor_live(SPEC, config)`, by `pktvisor_clock`."""
    from pktvisor_sdk.live import LiveBench

    with ExitStack() as opened:

        def make(
            spec: HandlerSpec, config: Mapping[str, Any] | None = None, **options: Any
        ) -> LiveBench:
            return opened.enter_context(LiveBench(spec, config, clock=pktvisor_clock, **options))

        yield make
