"""What samples/README.md says of the sample capture is so."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import reduce
from pathlib import Path

import pytest

import pktvisor

SAMPLES = Path(__file__).parents[2] / "samples"
TEXT = (SAMPLES / "README.md").read_text()
FIGURES = {
    path: int(n) for path, n in re.findall(r"^\| (\w+\.[\w.]+) \| (\d+) \|", TEXT, re.MULTILINE)
}
# Ports that mean DNS here.
_DNS = "dns && !icmp && !icmpv6 && (tcp.port == 53 || udp.port in {53, 5353, 5355, 53000})"
_QUERY, _REPLY = "dns.flags.response == 0", "dns.flags.response == 1"
FILTERS = {
    "packets.total": "frame",
    "packets.tcp": "tcp && !icmp && !icmpv6",
    "dns.wire_packets.total": _DNS,
    "dns.wire_packets.queries": f"{_DNS} && {_QUERY}",
    "dns.wire_packets.tcp": f"{_DNS} && tcp",
    "dns.wire_packets.nxdomain": f"{_DNS} && {_REPLY} && dns.flags.rcode == 3",
    "dns.wire_packets.srvfail": f"{_DNS} && {_REPLY} && dns.flags.rcode == 2",
    "dns.wire_packets.refused": f"{_DNS} && {_REPLY} && dns.flags.rcode == 5",
}


def test_the_figures_are_what_the_sample_gives() -> None:
    hosts = re.search(r"`-H (\S+)", TEXT)
    assert hosts is not None
    summary = pktvisor.summarize(SAMPLES / "dns-lab.pcap", ["net", "dns"], hosts[1]).to_dict()["1m"]
    found = {
        path: reduce(lambda value, key: value[key], path.split("."), summary) for path in FIGURES
    }
    assert found == FIGURES


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed: make tools")
@pytest.mark.parametrize("path", FILTERS)
def test_tshark_counts_the_same(path: str) -> None:
    command = ["tshark", "-n", "-r", SAMPLES / "dns-lab.pcap", "-Y", FILTERS[path]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == FIGURES[path]
