"""`pktvisor-cli` without a screen: figures and errors as a person or a pipe gets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.samples import SAMPLE

from pktvisor.tui.client import Endpoint

COMMAND = [sys.executable, "-m", "pktvisor.commands.cli"]


def cli(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    import os

    environment = {**os.environ, "PKTVISOR_TOKEN": token, "COLUMNS": "120"}
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_once_json_is_what_the_api_says(endpoint: Endpoint) -> None:
    done = cli(
        "-H",
        endpoint.host,
        "-p",
        str(endpoint.port),
        "--once",
        "--json",
        token=endpoint.token or "",
    )
    assert done.returncode == 0, done.stderr
    assert any("dns" in schemas for schemas in json.loads(done.stdout)["default"].values())


def test_a_capture_file_is_shown_by_an_agent_of_its_own() -> None:
    done = cli(str(SAMPLE), "--host-spec", "192.0.2.53/32", "--once")
    assert done.returncode == 0, done.stderr
    assert "Xacts" in done.stdout
    assert "kernel 0  interface 0  queue 0" in done.stdout
    assert ".example.test" in done.stdout


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = cli(str(tmp_path / "none.pcap"), "--once")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "none.pcap" in done.stderr


def test_an_agent_that_is_not_there_is_one_line() -> None:
    done = cli("-p", "1", "--once")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pktvisor-cli: no agent answers at http://localhost:1")


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    done = cli()
    assert done.returncode == 2
    assert "--once prints the figures without a screen" in done.stderr
