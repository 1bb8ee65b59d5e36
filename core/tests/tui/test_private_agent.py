"""The agent of a capture file never outlives the program it is for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.processes import children, gone
from tests.samples import SAMPLE

HOLDER = """
import sys
from pktvisor.tui.private_agent import PrivateAgent
with PrivateAgent(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_it_leaves_no_file_behind_though_its_program_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(SAMPLE)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        agents = children(holder.pid)
        holder.kill()
    assert gone(agents)
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_a_program_that_is_killed_outright() -> None:
    command = [sys.executable, "-c", HOLDER, str(SAMPLE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        agents = children(holder.pid)
        assert len(agents) == 1
        holder.kill()
    assert gone(agents)
