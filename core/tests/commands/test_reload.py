"""SIGHUP: the configuration is read again, or stays."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pktvisor.commands.configuration import merged
from pktvisor.commands.daemon import Daemon
from pktvisor.commands.pktvisor import main as validate
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy
from pktvisor.policies.document import Document


class BusyAgent(Agent):
    def replace(self, document: bytes | str | Document, *, source: str = "") -> Any:
        raise Busy("stream t: its handlers are busy with one batch for 5 s")


def daemon(file: Path, agent: Agent, iface: str | None = None) -> Daemon:
    """One that runs with a configuration file."""
    made = Daemon(iface, merged({"config": str(file)}, {}), Document())
    made._config_path = file
    made._agent = agent
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "policy.yaml"
    made.write_text("visor: {}")
    return made


def test_streams_that_are_busy_leave_the_configuration_as_it_is(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    daemon(file, BusyAgent())._read_again()
    (record,) = caplog.records
    assert record.getMessage() == (
        "the running configuration stays: stream t: its handlers are busy with one batch for 5 s"
    )


@pytest.mark.parametrize("iface", [None, "lo"])
@pytest.mark.parametrize(
    "text",
    [
        "visor:\n  taps:\n    t: {input_type: nowhere}\n",
        "visor:\n  taps:\n    t: {input_type: mock}\n  policies:\n    p: {kind: nothing}\n",
        "visor: {\n",
        "[]",
    ],
)
def test_a_file_that_is_refused_is_refused_in_the_words_of_validate(
    file: Path, caplog: pytest.LogCaptureFixture, iface: str | None, text: str
) -> None:
    file.write_text(text)
    daemon(file, Agent(), iface)._read_again()
    said = CliRunner().invoke(validate, ["validate", str(file)]).stderr.strip()
    assert said.startswith(f"pktvisor: {file}:")
    refused = caplog.records[-1].getMessage()
    assert refused == said.replace("pktvisor:", "the running configuration stays:", 1)


def test_a_file_that_is_gone_is_named(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.unlink()
    daemon(file, Agent())._read_again()
    assert caplog.records[-1].getMessage() == (
        f"the running configuration stays: {file}: No such file or directory"
    )


def test_what_a_file_changes_is_logged(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    file.write_text("visor:\n  taps:\n    t: {input_type: mock}\n")
    daemon(file, Agent())._read_again()
    assert [record.getMessage() for record in caplog.records] == [
        "tap t added",
        f"read {file} again",
    ]
