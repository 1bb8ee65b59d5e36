"""`pktvisord IFACE` answers over HTTP what was replayed on that interface."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemons import free_port
from tests.e2e.lab import Lab, needs_lab
from tests.e2e.test_replay import HOSTS, counters, of_file

pytestmark = [pytest.mark.slow, needs_lab]


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def wait_for(port: int, daemon: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert daemon.poll() is None, daemon.communicate()[0]
        try:
            get(port, "/health")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the daemon does not answer")


def at_rest(port: int) -> dict[str, Any]:
    """The ledger of the only input, once it is at rest."""
    before: dict[str, Any] = {}
    for _ in range(100):
        (status,) = json.loads(get(port, "/health"))["inputs"].values()
        names = ("kernel_received", "kernel_drops", "queued", "queue_drops", "processed")
        ledger = {name: status[name] for name in names}
        if ledger == before and status["unaccounted"] == status["queued"] == 0:
            return ledger
        before = ledger
        time.sleep(0.2)
    raise AssertionError(f"the stream does not come to rest: {before}")


def test_the_api_counts_what_was_replayed_and_a_signal_ends_it(lab: Lab, mixed: Path) -> None:
    port = free_port()
    daemon = subprocess.Popen(
        (sys.executable, "-m", "pktvisor.commands.pktvisord", "-l", "127.0.0.1", "-p", str(port),
         "-H", HOSTS, lab.near),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(port, daemon)
        sent, _ = lab.replay(mixed, "--pps", "40000")
        status = at_rest(port)
        assert (status["kernel_received"], status["processed"]) == (sent, sent)
        live = json.loads(get(port, "/api/v1/metrics/bucket/0"))["1m"]
        assert counters(live["packets"]) == counters(of_file(mixed)["packets"])
        exposed = re.search(
            r"^packets_total\{.*\} ([\d.e+]+)$", get(port, "/metrics"), re.MULTILINE
        )
        assert exposed is not None
        assert float(exposed[1]) == sent
    finally:
        daemon.terminate()
        text, _ = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, text
