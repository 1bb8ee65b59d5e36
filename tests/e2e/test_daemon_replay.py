"""`pktvisord IFACE` answers over HTTP what was replayed on that interface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.daemons import START_S, Starter
from tests.e2e.lab import Lab, needs_lab
from tests.e2e.test_replay import HOSTS, counters, of_file

pytestmark = [pytest.mark.slow, needs_lab]


def test_the_api_counts_what_was_replayed_and_a_signal_ends_it(
    lab: Lab, mixed: Path, start: Starter
) -> None:
    daemon = start("-H", HOSTS, lab.near)
    sent, _ = lab.replay(mixed, "--pps", "40000")
    ledger = daemon.at_rest()
    assert (ledger["kernel_received"], ledger["processed"]) == (sent, sent)
    live = daemon.client.get("/api/v1/metrics/bucket/0").json()["1m"]
    assert counters(live["packets"]) == counters(of_file(mixed)["packets"])
    text = daemon.client.get("/metrics").text
    exposed = re.search(r"^packets_total\{.*\} ([\d.e+]+)$", text, re.MULTILINE)
    assert exposed is not None
    assert float(exposed[1]) == sent
    daemon.process.terminate()
    assert daemon.process.wait(START_S) == 0, daemon.log.read_text()
