"""`any` without a host spec knows which way real DNS traffic goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pktvisor import Engine
from tests.e2e.daemons import START_S, Starter
from tests.e2e.lab import Lab, needs_lab, run

pytestmark = [pytest.mark.slow, needs_lab]

OURS, SERVER = "192.0.2.129", "192.0.2.130"
FILTER = f"host {SERVER}"
QUESTIONS = 5  # each over UDP and over TCP
ASKED = 1 + 2 * QUESTIONS


@pytest.fixture
def dig(lab: Lab) -> Iterator[Callable[..., str]]:
    """Ask a DNS server at the far end for a name."""
    lab.address(f"{OURS}/30", f"{SERVER}/30")
    server = lab.spawn(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
        f"--listen-address={SERVER}", "--bind-interfaces", "--pid-file=", "--user=root",
        "--address=/lab.example/203.0.113.9",
    )  # fmt: skip

    def ask(name: str, *options: str, check: bool = True) -> str:
        command = ("dig", f"@{SERVER}", "+tries=1", "+time=2", "+noall", "+answer", *options)
        return run(*command, f"{name}.lab.example", check=check)

    try:
        yield ask
    finally:
        server.terminate()
        server.communicate(timeout=10)


def traffic(dig: Callable[..., str]) -> None:
    """Eleven questions for names that differ, and their answers, once the server is up."""
    for _ in range(50):
        if "203.0.113.9" in dig("ready", check=False):
            break
        time.sleep(0.1)
    for number in range(QUESTIONS):
        assert "203.0.113.9" in dig(f"n{number}")
        assert "203.0.113.9" in dig(f"t{number}", "+tcp")


def answered(shown: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is shown once every answer has been counted."""
    deadline = time.monotonic() + START_S
    while (result := shown())["dns"]["wire_packets"]["replies"] < ASKED:
        assert time.monotonic() < deadline, result
        time.sleep(0.1)
    return result


def check(result: dict[str, Any]) -> None:
    packets, dns = result["packets"], result["dns"]["wire_packets"]
    assert packets["in"] > 10
    assert packets["out"] > 10
    assert packets["top_ipv4"][0]["name"] == SERVER
    assert packets["cardinality"]["src_ips_in"] == 1
    assert dns["queries"] >= ASKED
    assert dns["replies"] >= ASKED
    assert dns["tcp"] >= 10
    assert result["dns"]["cardinality"]["qname"] == ASKED


def test_dig_shows_as_in_and_out_with_names_and_addresses(
    dig: Callable[..., str], source: str
) -> None:
    with Engine() as engine:
        config = {"iface": "any", "pcap_source": source, "bpf": FILTER}
        stream = engine.add_tap("t", "pcap", config)
        assert f"{OURS}/32" in stream.info()["host_ips"]["ipv4"]
        engine.add_policy("p", "t", ["net", "dns"])
        engine.start()
        traffic(dig)
        check(answered(lambda: engine.snapshot("p").to_dict()["5m"]))


def test_a_daemon_on_any_says_the_same_over_its_api(
    dig: Callable[..., str], start: Starter
) -> None:
    daemon = start("-b", FILTER, "any")
    traffic(dig)
    check(answered(lambda: daemon.client.get("/api/v1/metrics/bucket/0").json()["1m"]))
