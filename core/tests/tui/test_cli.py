"""`pktvisor-cli` without a screen: figures and errors as a person or a pipe gets them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.samples import SAMPLE

from pktvisor.tui.client import Endpoint

COMMAND = [sys.executable, "-m", "pktvisor.commands.cli"]


def cli(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
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


@pytest.mark.parametrize(
    ("file", "host_spec", "said"),
    [
        ("/nonexist", "", "/nonexist: cannot be opened: No such file or directory"),
        (__file__, "", f"{__file__}: not a capture: it starts with 22 22 22 60; "),
        (str(SAMPLE), "300.1.2.3", "--host-spec: '300.1.2.3' is not an address or prefix; "),
    ],
)
def test_what_is_wrong_with_a_file_is_told_as_pktvisor_pcap_tells_it(
    file: str, host_spec: str, said: str
) -> None:
    done = cli(file, "--host-spec", host_spec, "--once")
    assert done.returncode == 2
    assert done.stderr.startswith(f"pktvisor-cli: {said}")
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_policy_is_named_with_those_there_are(endpoint: Endpoint) -> None:
    token = endpoint.token or ""
    done = cli("-H", endpoint.host, "-p", str(endpoint.port), "-P", "no", "--once", token=token)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pktvisor-cli: no policy 'no'; the agent has: default, default-")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-H", "nosuch.invalid"], "no agent answers at http://nosuch.invalid:10853: "),
        (["--tls"], "speaks no TLS; leave out --tls"),
    ],
)
def test_why_no_agent_answers_is_told(endpoint: Endpoint, options: list[str], said: str) -> None:
    place = [] if "-H" in options else ["-H", endpoint.host, "-p", str(endpoint.port)]
    done = cli(*place, *options, "--once")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_an_agent_that_is_not_there_is_one_line() -> None:
    done = cli("-p", "1", "--once")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pktvisor-cli: no agent answers at http://localhost:1")


def test_with_its_errors_in_a_file_there_would_be_no_screen() -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(COMMAND, stdout=follower, stderr=subprocess.PIPE, text=True, check=False)
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert "standard error is no terminal" in done.stderr


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    done = cli()
    assert done.returncode == 2
    assert "--once prints the figures without a screen" in done.stderr
