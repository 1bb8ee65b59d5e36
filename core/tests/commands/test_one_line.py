"""A wrong option of any command is told in one line that says where to read on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.executable).parent


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FOLDER / command, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pktvisord --frob", "pktvisord: No such option '--frob'; see pktvisord --help"),
        ("pktvisord -p x", "Invalid value for '-p': 'x' is not a valid integer"),
        ("pktvisor-cli --frob", "pktvisor-cli: No such option '--frob'; see pktvisor-cli --help"),
        ("pktvisor --frob", "pktvisor: No such option '--frob'; see pktvisor --help"),
        ("pktvisor frob", "pktvisor: No such command 'frob'; see pktvisor --help"),
        ("pktvisor validate", "Missing argument 'FILE'; see pktvisor validate --help"),
        ("pktvisor plugins list --frob", "see pktvisor plugins list --help"),
        (
            "pktvisor-pcap --frob",
            "pktvisor-pcap: No such option '--frob'; see pktvisor-pcap --help",
        ),
    ],
)
def test_a_wrong_option_is_one_line(command: str, said: str) -> None:
    done = run(*command.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize("command", ["pktvisord", "pktvisor", "pktvisor-cli"])
def test_version_and_help_are_as_they_were(command: str) -> None:
    for option in ("--version", "--help"):
        done = run(command, option)
        assert (done.returncode, done.stderr) == (0, "")
        assert "pktvisor" in done.stdout


def test_pktvisor_ends_quietly_when_its_reader_goes_away() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{FOLDER}/pktvisor describe handler dns | :; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")
