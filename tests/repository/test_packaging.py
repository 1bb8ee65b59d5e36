"""What ships in `packaging/` holds: the unit verifies, and its files are where it and the image say."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pktvisor.commands.daemon_settings import declared

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "pktvisord.service"
IMAGE = ROOT / "packaging" / "Containerfile"


@pytest.fixture
def unit() -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(UNIT.read_text())
    return read


def instructions() -> list[tuple[str, str]]:
    """The instructions of the image and their arguments."""
    text = re.sub(r"\\\n", " ", IMAGE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze: install systemd"
)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    installed = "/opt/pktvisor/bin/pktvisord"
    assert installed in UNIT.read_text()
    copy.write_text(UNIT.read_text().replace(installed, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_gives_the_one_capability_that_capturing_needs(
    unit: configparser.ConfigParser,
) -> None:
    service = unit["Service"]
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == "CAP_NET_RAW"
    assert (service["DynamicUser"], service["NoNewPrivileges"]) == ("yes", "yes")
    assert {"AF_PACKET", "AF_NETLINK"} <= set(service["RestrictAddressFamilies"].split())


def test_the_unit_starts_what_the_image_runs_with_options_there_are(
    unit: configparser.ConfigParser,
) -> None:
    program, *options = unit["Service"]["ExecStart"].split()
    assert ("ENTRYPOINT", f'["{program}"]') in instructions()
    flags = {flag for setting in declared() for flag in setting.metadata["flags"]}
    assert {option for option in options if option.startswith("-")} <= flags
    assert unit["Service"]["Type"] == "notify"
    assert "HUP" in unit["Service"]["ExecReload"]


def test_the_image_runs_as_a_user_whose_own_interpreter_may_capture() -> None:
    stages = [rest for word, rest in instructions() if word == "FROM"]
    assert len(stages) == 2
    assert stages[0].removesuffix(" AS build") == stages[1]  # the interpreter needs its libraries
    last = instructions()[[w for w, _ in instructions()].index("FROM", 1) :]
    assert ("USER", "pktvisor") in last
    (users,) = [n for n, (word, _) in enumerate(last) if word == "USER"]
    grants = [n for n, (word, rest) in enumerate(last) if word == "RUN" and "setcap" in rest]
    assert len(grants) == 1  # in the stage that ships: copies between stages may lose capabilities
    assert grants[0] < users
    assert "cap_net_raw=ep" in last[grants[0]][1]
    made = [rest for word, rest in instructions() if word == "RUN" and "venv --copies" in rest]
    assert len(made) == 1
