"""An interface's own drops are read once a second, and when asked for the last time."""

from __future__ import annotations

import pytest

from pktvisor_pcap import capture_source
from pktvisor_pcap.capture_source import InterfaceDrops


class Kernel:
    """A table that grows by one drop each time it is read, and a clock."""

    def __init__(self) -> None:
        self.reads = 0
        self.time_s = 100.0

    def drops(self, _: str | None) -> int:
        self.reads += 1
        return 7 + self.reads

    def now(self) -> float:
        return self.time_s


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(capture_source, "interface_drops", made.drops)
    return made


def test_the_table_is_read_once_a_second_however_many_batches_come(kernel: Kernel) -> None:
    drops = InterfaceDrops("eth0", kernel.now)
    counts = []
    for _ in range(20):
        kernel.time_s += 0.125
        counts.append(drops.count())
    assert (counts[0], counts[-1]) == (0, 2)
    assert kernel.reads == 1 + 2


def test_the_last_count_is_not_an_old_one(kernel: Kernel) -> None:
    drops = InterfaceDrops("eth0", kernel.now)
    assert (drops.count(), drops.count(fresh=True)) == (0, 1)
