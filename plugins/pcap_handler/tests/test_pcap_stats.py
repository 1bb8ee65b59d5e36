"""The pcap handler: differences of running totals, and TCP that cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pktvisor import summarize
from pktvisor.metrics import MetricSettings
from pktvisor.plugins import Plugins
from pktvisor.streams import CaptureStatistics, Control, Event, HandlerContext
from pktvisor_pcap_stats import plugin
from pktvisor_pcap_stats.bucket import PcapBucket
from pktvisor_pcap_stats.config import PcapStatsConfig
from pktvisor_pcap_stats.handler import PcapHandler
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import tcp_frame

SHARED = Path(os.environ.get("PKTVISOR_CAPTURES", Path(__file__).parents[3] / ".." / "shared"))


@pytest.fixture
def handler() -> PcapHandler:
    return PcapHandler(PcapStatsConfig(), HandlerContext())


@pytest.fixture
def bucket() -> PcapBucket:
    return PcapBucket(MetricSettings())


def beat(os_drops: int, interface_drops: int) -> Control:
    capture = CaptureStatistics(100, os_drops, interface_drops)
    return Control(Event.HEARTBEAT, 0, capture=capture)


def drops(bucket: PcapBucket) -> tuple[int, int]:
    return bucket.os_drops.value, bucket.if_drops.value


def test_drops_from_before_it_was_attached_are_not_its_own(
    handler: PcapHandler, bucket: PcapBucket
) -> None:
    handler.control(beat(40, 7), bucket)
    assert drops(bucket) == (0, 0)
    handler.control(beat(45, 9), bucket)
    assert drops(bucket) == (5, 2)


def test_drops_across_a_shift_belong_to_the_new_period(
    handler: PcapHandler, bucket: PcapBucket
) -> None:
    handler.control(beat(1, 1), bucket)
    live = PcapBucket(MetricSettings())
    handler.period_shift(bucket, live, 0)
    handler.control(beat(4, 2), live)
    assert drops(bucket) == (0, 0)
    assert drops(live) == (3, 1)


def test_a_source_that_counts_nothing_drops_nothing(
    handler: PcapHandler, bucket: PcapBucket
) -> None:
    handler.control(Control(Event.HEARTBEAT, 0), bucket)
    assert drops(bucket) == (0, 0)


def test_tcp_whose_header_is_cut_off_is_an_error(handler: PcapHandler, bucket: PcapBucket) -> None:
    whole = tcp_frame("192.0.2.1", "192.0.2.2", 1, 2)
    handler.update(packet_batch([whole, whole[:36], whole]), bucket)
    assert bucket.tcp_reassembly_errors.value == 1


def test_it_shows_what_the_original_shows_of_its_own_captures() -> None:
    files = sorted((SHARED / "reference/handlers").glob("*.pcap.json"))
    if not files:
        pytest.skip(f"no reference answers under {SHARED}; set PKTVISOR_CAPTURES")
    plugins = Plugins(autoload=True)
    for file in files:
        capture = SHARED / "captures/pktvisor" / f"{file.name.removesuffix('.pcap.json')}.pcap"
        shown = summarize(capture, ["pcap"], plugins=plugins).to_dict()["1m"]["pcap"]
        theirs = json.loads(file.read_text())["pcap"]["pcap"]
        assert {k: v for k, v in shown.items() if k != "period"} == {
            k: v for k, v in theirs.items() if k != "period"
        }, file.name


def test_the_plugin_declares_one_handler() -> None:
    assert [(s.name, s.version) for s in plugin.pktvisor_handlers()] == [("pcap", "1.0")]
