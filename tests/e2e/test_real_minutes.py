"""Periods of a running daemon end with real minutes: the one test that waits for them."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemons import Daemon, Starter
from tests.e2e.test_daemon import POLICY

pytestmark = pytest.mark.slow

WAIT_S = 240  # two periods, and patience


def packets(daemon: Daemon, kind: str, number: int) -> tuple[int, dict[str, Any]]:
    """Status and packet metrics of one period or window."""
    answer = daemon.client.get(f"/api/v1/policies/default/metrics/{kind}/{number}")
    found: dict[str, Any] = answer.json()["default"]["default-m-net"] or {}
    return answer.status_code, found.get("packets", {})


def test_buckets_move_through_the_window_minute_by_minute(start: Starter, tmp_path: Path) -> None:
    config = tmp_path / "policy.yaml"
    made_up = "m: {input_type: pcap, config: {pcap_source: mock}}"
    config.write_text(
        (POLICY % "default")
        .replace("m: {input_type: mock}", made_up)
        .replace("tap: m, input_type: mock", "tap: m, input_type: pcap")
    )
    daemon = start("--config", str(config))
    assert packets(daemon, "bucket", 1)[0] == 425
    deadline = time.monotonic() + WAIT_S
    while packets(daemon, "bucket", 1)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    first = packets(daemon, "bucket", 1)[1]
    while packets(daemon, "bucket", 2)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    # The period that ended first is now one place further, and as it was.
    assert packets(daemon, "bucket", 2)[1] == first
    ended = packets(daemon, "bucket", 1)[1]
    for period in (first, ended):
        assert period["period"]["length"] in (60, 61)  # it ends with the first packet after it
        assert period["total"] > 0
    assert ended["period"]["start_ts"] == first["period"]["start_ts"] + first["period"]["length"]
    before = packets(daemon, "bucket", 0)[1]
    window = packets(daemon, "window", 3)[1]
    after = packets(daemon, "bucket", 0)[1]
    assert window["period"]["start_ts"] == first["period"]["start_ts"]
    live = window["total"] - first["total"] - ended["total"]
    assert before["total"] <= live <= after["total"]
    # Prometheus is shown the period that ended last.
    line = re.search(
        r"^packets_total\{.*\} (\S+)$", daemon.client.get("/metrics").text, re.MULTILINE
    )
    assert line is not None
    assert float(line[1]) == ended["total"]
