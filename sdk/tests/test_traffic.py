"""The frames of a capture stand between ordinary ones, as many of them as there is room for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pktvisor.captures import CaptureError
from pktvisor_sdk.frames import udp_frame
from pktvisor_sdk.traffic import mixed_frames, sample_frames


def numbered(count: int) -> list[bytes]:
    return [udp_frame("192.0.2.1", "192.0.2.2", 1, 2, b"%d" % number) for number in range(count)]


@pytest.mark.parametrize("count", [3, 50, 1000])
def test_every_twelfth_frame_is_the_captures(
    pktvisor_capture: Callable[..., Path], count: int
) -> None:
    theirs = numbered(count)
    mixed = mixed_frames(str(pktvisor_capture(theirs)))
    ours = sample_frames()
    assert len(mixed) == len(ours) == 600
    assert [item[1] for item in mixed[::12]] == [theirs[n % count] for n in range(50)]
    assert all(mixed[n] == ours[n] for n in range(600) if n % 12)


def test_a_capture_without_packets_is_refused(pktvisor_capture: Callable[..., Path]) -> None:
    with pytest.raises(CaptureError, match="no packets are in it"):
        mixed_frames(str(pktvisor_capture([])))
