"""The API under load: answers while packets come as fast as they can, and clients crowd in.

How long a good client waits is printed, not judged: it depends on the machine.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pktvisor.api.protocol import MAX_CONNECTIONS
from tests.e2e.daemons import Daemon, Starter
from tests.e2e.lab import Lab, blasted, needs_lab

pytestmark = [pytest.mark.slow, needs_lab]

PATHS = ("/health", "/api/v1/metrics/bucket/0", "/api/v1/policies", "/metrics")
ASKED, LONGEST_S = 400, 12
SLOW, SCRAPES = 1000, 40


@contextlib.contextmanager
def crowd(kind: str, daemon: Daemon, count: int, told: dict[str, Any]) -> Iterator[None]:
    """Clients of a kind; `told` gets how they fared."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.clients", kind, str(daemon.port), str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield
    finally:
        out, _ = process.communicate(timeout=60)
        told.update(json.loads(out))


@contextlib.contextmanager
def flood(lab: Lab, capture: Path) -> Iterator[list[tuple[int, float]]]:
    """Packets as fast as the sender can, until the end; what was sent, and at which rate."""
    over = threading.Event()
    sent: list[tuple[int, float]] = []

    def send() -> None:
        while not over.is_set():
            sent.append(blasted(lab, capture, 50))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        over.set()
        sender.join(120)


def waited(daemon: Daemon) -> dict[str, list[float]]:
    """How long many requests took, every one with a connection of its own, by path."""
    times: dict[str, list[float]] = {path: [] for path in PATHS}
    over = time.monotonic() + LONGEST_S
    for number in range(ASKED):
        began = time.monotonic()
        if began > over:
            break
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
        path = PATHS[number % len(PATHS)]
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        times[path].append(time.monotonic() - began)
        assert answer.status == 200
        connection.close()
    return times


def figures(times: dict[str, list[float]]) -> str:
    ordered = sorted(wait for waits in times.values() for wait in waits)
    by_path = ", ".join(f"{p} {1000 * statistics.median(w):.1f}" for p, w in times.items())
    return f"{len(ordered)} answers; medians: {by_path}; all: " + ", ".join(
        f"{name} {1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]:.1f} ms"
        for name, share in (("median", 0.5), ("p99", 0.99), ("most", 1.0))
    )


def test_good_clients_are_answered_while_packets_pour_in_and_others_crowd_the_api(
    lab: Lab, source: str, mixed: Path, start: Starter, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tap = {"input_type": "pcap", "config": {"iface": lab.near, "pcap_source": source}}
    policy = {
        "kind": "collection",
        "input": {"tap": "t", "input_type": "pcap"},
        "handlers": {"modules": {name: {"type": name} for name in ("net", "dns")}},
    }
    config = tmp_path / "policy.yaml"
    config.write_text(json.dumps({"visor": {"taps": {"t": tap}, "policies": {"default": policy}}}))
    daemon = start("--config", str(config))
    found = {"at rest": waited(daemon)}
    slow: dict[str, Any] = {}
    scrapes: dict[str, Any] = {}
    with flood(lab, mixed) as sent:
        found["packets"] = waited(daemon)
        with crowd("slow", daemon, SLOW, slow):
            found[f"packets, {SLOW} slow clients"] = waited(daemon)
            with crowd("scrape", daemon, SCRAPES, scrapes):
                found[f"packets, {SLOW} slow clients, {SCRAPES} scrapers"] = waited(daemon)
    packets = sum(count for count, _ in sent)
    ledger = daemon.at_rest()
    with capsys.disabled():
        print(f"\n{source}: {packets / sum(s for _, s in sent):,.0f} packets/s; {ledger}")
        for what, times in found.items():
            print(f"  {what}: {figures(times)}")
        print(f"  slow clients: {slow}; scrapes: {scrapes}")
    fates = ("kernel_drops", "queued", "queue_drops", "processed")
    assert 0 < ledger["processed"] <= ledger["kernel_received"] <= packets
    assert sum(ledger[fate] for fate in fates) == ledger["kernel_received"]
    assert set(scrapes) == {"200"}
    assert slow["cut_off"] >= SLOW - MAX_CONNECTIONS
