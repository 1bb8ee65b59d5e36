"""What a real daemon may do: before, while and after it gives privileges up."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemons import PROGRAM, START_S, Daemon, Starter, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or None in map(shutil.which, ("setpriv", "runuser")),
        reason="giving up privileges needs root and the programs setpriv and runuser",
    ),
]

USER = "nobody"
CAPTURE_ONLY = 1 << 13  # CAP_NET_RAW
NEW_CAPTURE = """
visor:
  taps: {again: {input_type: pcap, config: {iface: lo, bpf: udp}}}
"""
NEW_POLICY = """
visor:
  policies:
    again:
      kind: collection
      input: {tap: again, input_type: pcap}
      handlers: {modules: {net: {type: net}}}
"""
YAML = {"Content-Type": "application/x-yaml"}


@pytest.fixture
def program() -> Iterator[Path]:
    """The daemon by an interpreter that an ordinary user may run too, where such a user may read it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.executable).resolve(), Path("/usr/bin") / version):
        allowed = ("runuser", "-u", USER, "--", str(python), "-c", "")
        if subprocess.run(allowed, capture_output=True, check=False).returncode == 0:
            break
    else:
        pytest.skip(f"user {USER} may run no {version}")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "pktvisord"
        script.write_text(
            f"#!{python} -I\n"
            f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
            "from pktvisor.commands.pktvisord import main; main()\n"
        )
        for place in (script, script.parent):
            place.chmod(0o755)
        yield script


def threads(daemon: Daemon) -> list[dict[str, str]]:
    """What the kernel says of every thread of a daemon."""
    found = []
    for path in Path(f"/proc/{daemon.process.pid}/task").glob("*/status"):
        lines = (line.partition(":") for line in path.read_text().splitlines())
        found.append({key: value.strip() for key, _, value in lines})
    return found


def rights(daemon: Daemon) -> set[tuple[str, int, int, str]]:
    """User, permitted and effective capabilities, and NoNewPrivs: one entry if all threads agree."""
    return {
        (about["Uid"], int(about["CapPrm"], 16), int(about["CapEff"], 16), about["NoNewPrivs"])
        for about in threads(daemon)
    }


def counts_on(daemon: Daemon, policy: str) -> None:
    """Packets over the loopback reach a policy."""
    path = f"/api/v1/policies/{policy}/metrics/bucket/0"
    deadline = time.monotonic() + START_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while True:
            sender.sendto(b"x", ("127.0.0.1", 9))
            shown: dict[str, Any] = daemon.client.get(path).json()[policy]
            if any(h["packets"]["udp"] > 0 for h in shown.values() if "packets" in h):
                return
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)


def post(daemon: Daemon, kind: str, document: str) -> Any:
    return daemon.client.post(f"/api/v1/{kind}", content=document, headers=YAML)


def uid() -> str:
    return "\t".join([str(pwd.getpwnam(USER).pw_uid)] * 4)


def test_root_becomes_a_user_that_may_capture_and_nothing_else(
    start: Starter, program: Path
) -> None:
    daemon = start("--user", USER, "--full-api", "lo", program=program)
    assert len(threads(daemon)) >= 3  # the API, and two that capture and count
    assert rights(daemon) == {(uid(), CAPTURE_ONLY, CAPTURE_ONLY, "1")}
    counts_on(daemon, "default")
    assert post(daemon, "taps", NEW_CAPTURE).status_code == 201
    assert post(daemon, "policies", NEW_POLICY).status_code == 201
    counts_on(daemon, "again")
    assert rights(daemon) == {(uid(), CAPTURE_ONLY, CAPTURE_ONLY, "1")}


def test_with_drop_all_open_captures_go_on_and_new_ones_are_refused_with_the_reason(
    start: Starter, program: Path
) -> None:
    daemon = start("--user", USER, "--drop-all", "--full-api", "lo", program=program)
    assert rights(daemon) == {(uid(), 0, 0, "1")}
    counts_on(daemon, "default")
    assert post(daemon, "taps", NEW_CAPTURE).status_code == 201
    refused = post(daemon, "policies", NEW_POLICY)
    assert refused.status_code == 400
    assert "the capability CAP_NET_RAW is missing" in refused.json()["error"]
    assert "again" not in daemon.policies()
    counts_on(daemon, "default")


def test_without_privileges_one_line_says_what_is_missing_and_how_to_grant_it() -> None:
    bare = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
    done = subprocess.run(
        (*bare, PROGRAM, "-p", str(free_port()), "--user", "root", "lo"),
        capture_output=True, text=True, timeout=START_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no permission to capture on lo: the capability CAP_NET_RAW is missing" in line
    for way in ("Run as root", "AmbientCapabilities=CAP_NET_RAW", "setcap cap_net_raw+ep"):
        assert way in line


def test_an_ordinary_user_with_the_capability_alone_may_capture(
    start: Starter, program: Path
) -> None:
    """As the unit file starts it."""
    wrapper = program.with_name("as-user")
    wrapper.write_text(
        f"#!/bin/sh\nexec setpriv --reuid {USER} --clear-groups --inh-caps +net_raw"
        f' --ambient-caps +net_raw --bounding-set -all,+net_raw {program} "$@"\n'
    )
    wrapper.chmod(0o755)
    daemon = start("--user", USER, "lo", program=wrapper)
    assert {about["Uid"] for about in threads(daemon)} == {uid()}
    assert {int(about["CapEff"], 16) for about in threads(daemon)} == {CAPTURE_ONLY}
    counts_on(daemon, "default")
