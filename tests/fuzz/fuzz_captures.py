"""Whatever a file holds, reading it ends, with records inside their arena or one line that says why.

python -m tests.fuzz.fuzz_captures [libFuzzer options] [CORPUS ...]
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from pktvisor.captures import CaptureError, open_capture
from pktvisor_sdk.captures import pcap_bytes, pcapng_bytes
from pktvisor_sdk.frames import udp_frame
from tests.fuzz.target import fuzz

MOST_RECORDS = 1 << 20


def check(data: bytes) -> None:
    """Read the bytes as a capture file."""
    try:
        reader = open_capture(BytesIO(data))
    except CaptureError as error:
        reason = str(error)
        assert "\n" not in reason
        return
    seen = 0
    with reader:
        for records in reader:
            seen += len(records)
            assert seen <= MOST_RECORDS
            end = records.frame_offset + records.captured_length
            assert (records.frame_offset >= 0).all()
            assert (end <= len(records.arena)).all()
        assert reader.problem is None or "\n" not in reader.problem


def seeds() -> Iterable[bytes]:
    """One small file of every kind."""
    frames = [udp_frame("192.0.2.1", "192.0.2.2", 4242, 53, b"question")] * 3
    for big_endian in (False, True):
        yield pcap_bytes(frames, big_endian=big_endian)
        yield pcapng_bytes(frames, big_endian=big_endian)
    yield pcap_bytes(frames, nanoseconds=True, snap_length=40)


if __name__ == "__main__":
    fuzz("captures", check, seeds())
