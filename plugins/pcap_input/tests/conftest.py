"""What tests of this distribution share."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest

from .commanding import Caller


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Caller]:
    """Calls `pktvisor-pcap` in this process, which it leaves as it was."""
    interrupt = signal.getsignal(signal.SIGINT)
    yield Caller(monkeypatch, capsys)
    signal.signal(signal.SIGINT, interrupt)
    gc.enable()
    gc.unfreeze()
