"""Any bytes are survived: what was read is parsed, malformed, truncated or unsupported, and no more.

The invariant: however a capture is damaged, the reader ends, and every packet it handed out counts
once. Damage is drawn from a fixed seed for each file, so a failure comes back.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import pktvisor
from pktvisor.captures import CaptureError, open_capture
from tests.conformance.shared import CAPTURES, ROOT

pytestmark = pytest.mark.slow

SEEDS = range(1, 4)
CUTS = 4
LARGEST = 500_000
FILES = [
    path
    for path in [
        ROOT / "samples" / "dns-lab.pcap",
        *sorted(CAPTURES.glob("pktvisor/*.pcap")),
        *sorted(CAPTURES.glob("others/*.pcap*")),
    ]
    if path.suffix in {".pcap", ".pcapng"} and path.stat().st_size <= LARGEST
]


def damaged(data: bytes, seed: int) -> bytes:
    """Every fiftieth byte, about, is another one; the first 24 stay, or nothing would be read."""
    draw = random.Random(seed)
    changed = bytearray(data)
    for place in range(24, len(data)):
        if draw.random() < 0.02:
            changed[place] = draw.randrange(256)
    return bytes(changed)


def survives(path: Path, data: bytes) -> None:
    """Summarize these bytes and count them apart: both ways, the same packets."""
    path.write_bytes(data)
    try:
        with open_capture(path) as reader:
            records = sum(len(batch) for batch in reader)
    except CaptureError:
        with pytest.raises(ValueError, match=path.name):
            pktvisor.summarize(path, ["net", "dns"])
        return
    result = pktvisor.summarize(path, ["net", "dns"])
    assert result.stream["processed"] == records
    bad = [result.stream[name] for name in ("malformed", "truncated", "unsupported")]
    assert min(bad) >= 0
    assert sum(bad) <= records
    assert result.to_dict()["1m"]["packets"]["total"] == records


@pytest.mark.parametrize("capture", FILES, ids=lambda path: path.name)
def test_changed_bytes_are_survived_and_every_packet_counts_once(
    capture: Path, tmp_path: Path
) -> None:
    for seed in SEEDS:
        survives(tmp_path / "changed.pcap", damaged(capture.read_bytes(), seed))


@pytest.mark.parametrize("capture", FILES, ids=lambda path: path.name)
def test_a_file_cut_anywhere_is_survived_and_every_packet_counts_once(
    capture: Path, tmp_path: Path
) -> None:
    data = capture.read_bytes()
    draw = random.Random(len(data))
    for _ in range(CUTS):
        survives(tmp_path / "cut.pcap", data[: draw.randrange(len(data))])
