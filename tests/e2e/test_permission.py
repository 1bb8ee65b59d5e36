"""Without privileges a capture is refused with what is missing and how to grant it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from pktvisor import Engine

pytestmark = pytest.mark.slow

_TRY = """
import sys
from pktvisor import Engine
with Engine() as engine:
    try:
        engine.add_tap("t", "pcap", {"iface": "lo", "pcap_source": sys.argv[1], "bpf": sys.argv[2]})
    except ValueError as error:
        print(error)
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="giving up privileges needs root and the program setpriv",
)
@pytest.mark.parametrize("bpf", ["", "udp"])
def test_no_permission_says_what_is_missing_and_how_to_grant_it(source: str, bpf: str) -> None:
    bare = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
    done = subprocess.run(
        (*bare, sys.executable, "-c", _TRY, source, bpf),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (line,) = done.stdout.splitlines()
    assert line.startswith("iface: no permission to capture on lo: the capability CAP_NET_RAW")
    for way in ("AmbientCapabilities=CAP_NET_RAW", "venv --copies", "setcap cap_net_raw+ep"):
        assert way in line


def test_an_interface_that_is_not_there_is_refused_with_those_that_are(source: str) -> None:
    with Engine() as engine, pytest.raises(ValueError, match="no interface 'nosuch0'; available"):
        engine.add_tap("t", "pcap", {"iface": "nosuch0", "pcap_source": source})


def test_a_filter_that_is_wrong_is_refused_with_the_reason(source: str) -> None:
    with Engine() as engine, pytest.raises(ValueError, match="filter 'udp prot 53'"):
        engine.add_tap("t", "pcap", {"iface": "lo", "pcap_source": source, "bpf": "udp prot 53"})
