"""A flood of DNS queries nobody answers, each from another source, port and name: memory is flat."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pktvisor.batches import Hosts, PacketBatch, Records, decode
from pktvisor.kernels.pairs import LARGEST
from pktvisor.stages import DnsMessagesStage
from pktvisor_sdk.dns import query, reply
from pktvisor_sdk.dns_frames import CLIENT, query_frame, reply_frame
from pktvisor_sdk.feeding import Fed

BATCH = 8192
MESSAGES = 1_000_000
NAME = "q00000000.example"


def flood(template: bytes, first: int, count: int, hosts: Hosts) -> PacketBatch:
    """`count` frames like `template`, numbered in source address, port, identifier and name."""
    frames = np.tile(np.frombuffer(template, np.uint8), (count, 1))
    number = np.arange(first, first + count)
    for place, shift in ((26, 24), (27, 16), (28, 8), (29, 0)):  # the source address: 11.x.x.x
        frames[:, place] = (number + (11 << 24)) >> shift & 255
    frames[:, 34] = 4 + (number >> 8) % 250  # the source port, never a DNS port
    frames[:, 35] = number & 255
    frames[:, 42] = number >> 8 & 255
    frames[:, 43] = number & 255
    digits = template.index(b"q00000000") + 1
    frames[:, digits : digits + 8] = number[:, None] // 10 ** np.arange(7, -1, -1) % 10 + 48
    length = np.full(count, len(template), np.uint32)
    return decode(
        Records(
            arena=frames.ravel(),
            timestamp_ns=1_700_000_000_000_000_000 + number * 10_000,
            captured_length=length,
            wire_length=length.copy(),
            frame_offset=np.arange(count, dtype=np.int64) * len(template),
            link_type=np.ones(count, np.uint16),
            interface=np.zeros(count, np.uint16),
        ),
        hosts,
    )


def batches(template: bytes) -> Iterator[PacketBatch]:
    stage, hosts = DnsMessagesStage(), Hosts.parse("192.0.2.53/32")
    for first in range(0, MESSAGES, BATCH):
        batch = flood(template, first, min(BATCH, MESSAGES - first), hosts)
        batch.add_stage(stage.run(batch))
        yield batch


def anonymous_mb() -> float:
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no RssAnon")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_million_unanswered_queries_leave_memory_flat_and_evictions_counted(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fed = Fed("dns", version, enable=["all"], periods=1)
    template = query_frame(query(NAME, client_subnet="198.51.100.0/24"))
    sizes = []
    for batch in batches(template):
        fed.attachment.feed(batch)
        sizes.append(anonymous_mb())
    info: dict[str, Any] = dict(fed.handler.info())
    assert info["transactions_open"] <= LARGEST
    evicted = fed.attachment.evictions()
    assert info["transactions_open"] + evicted["transactions"] == MESSAGES
    assert evicted["metrics"] == fed.window.live.evicted()
    settled = sizes[len(sizes) * 2 // 5]  # by then every table has its size
    assert sizes[-1] - settled < 8
    with capsys.disabled():
        print(
            f"\ndns {version}: {MESSAGES:,} unanswered queries: {info['transactions_open']:,} open,"
            f" {evicted['transactions']:,} evicted, {evicted['metrics']:,} list entries"
            f" evicted; {sizes[0]:.0f} → {settled:.0f} → {sizes[-1]:.0f} MB anonymous"
        )


@pytest.mark.slow
def test_a_million_names_and_sources_are_estimated_and_lists_give_up_entries() -> None:
    fed = Fed("dns", periods=1)
    for batch in batches(query_frame(query(NAME))):
        fed.attachment.feed(batch)
    shown = fed.shown()
    assert shown["wire_packets"]["total"] == MESSAGES
    assert abs(shown["cardinality"]["qname"] - MESSAGES) < 0.05 * MESSAGES
    assert fed.window.live.evicted() > 0


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_after_a_flood_a_query_still_finds_its_reply(version: str) -> None:
    fed = Fed("dns", version, periods=1, host_spec=CLIENT)
    for batch in batches(query_frame(query(NAME))):
        fed.attachment.feed(batch)
    late = 1_700_000_100_000_000_000
    question = query("after.example")
    fed.feed((late, query_frame(question)), (late + 1, reply_frame(reply(question))))
    shown = fed.shown()
    found = shown["xact"]["counts"]["total"] if version == "1.0" else shown["out"]["xacts"]
    assert found == 1
