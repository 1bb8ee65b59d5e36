"""`any` without a host spec knows which way real DNS traffic goes."""

from __future__ import annotations

import time

import pytest

from pktvisor import Engine
from tests.e2e.lab import Lab, needs_lab, run

pytestmark = [pytest.mark.slow, needs_lab]


def test_dig_shows_as_in_and_out_with_names_and_addresses(lab: Lab, source: str) -> None:
    lab.address("192.0.2.129/30", "192.0.2.130/30")
    server = lab.spawn(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
        "--listen-address=192.0.2.130", "--bind-interfaces", "--pid-file=", "--user=root",
        "--address=/lab.example/203.0.113.9",
    )  # fmt: skip
    try:
        with Engine() as engine:
            config = {"iface": "any", "pcap_source": source, "bpf": "host 192.0.2.130"}
            stream = engine.add_tap("t", "pcap", config)
            assert "192.0.2.129/32" in stream.info()["host_ips"]["ipv4"]
            engine.add_policy("p", "t", ["net", "dns"])
            engine.start()
            dig = ("dig", "@192.0.2.130", "+tries=1", "+time=2", "+noall", "+answer")
            for _ in range(50):
                if "203.0.113.9" in run(*dig, "ready.lab.example", check=False):
                    break
                time.sleep(0.1)
            for number in range(5):
                assert "203.0.113.9" in run(*dig, f"n{number}.lab.example")
                run(*dig, "+tcp", f"t{number}.lab.example")
            time.sleep(0.5)
            result = engine.snapshot("p").to_dict()["5m"]
    finally:
        server.terminate()
        server.communicate(timeout=10)
    packets, dns = result["packets"], result["dns"]["wire_packets"]
    assert packets["in"] > 10
    assert packets["out"] > 10
    assert packets["top_ipv4"][0]["name"] == "192.0.2.130"
    assert packets["cardinality"]["src_ips_in"] == 1
    assert (dns["queries"], dns["replies"]) >= (11, 11)
    assert dns["tcp"] >= 10
    assert result["dns"]["cardinality"]["qname"] == 11
