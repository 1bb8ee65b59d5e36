"""SIGHUP: the configuration is read again, or stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pktvisor.commands.configuration import merged
from pktvisor.commands.daemon import Daemon
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy


class BusyAgent(Agent):
    def replace(self, document: bytes | str, *, source: str = "") -> Any:
        raise Busy("stream t: its handlers are busy with one batch for 5 s")


def test_streams_that_are_busy_leave_the_configuration_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("visor: {}")
    daemon = Daemon(None, merged({"config": str(file)}, {}), file.read_bytes())
    daemon._config_path = file
    daemon._agent = BusyAgent()
    daemon._read_again()
    (record,) = caplog.records
    assert record.getMessage() == (
        "the running configuration stays: stream t: its handlers are busy with one batch for 5 s"
    )
