"""First-party plugins keep the promises that others are asked to keep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pktvisor.plugins import Plugins
from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.contracts import HandlerContract, InputContract
from pktvisor_sdk.traffic import sample_frames

PLUGINS = Plugins()


class TestNet(HandlerContract):
    spec = PLUGINS.handler("net")


class TestDns(HandlerContract):
    spec = PLUGINS.handler("dns")


class TestPcap(InputContract):
    spec = PLUGINS.input("pcap")

    @pytest.fixture(autouse=True)
    def capture(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sample.pcap"
        self.path.write_bytes(pcap_bytes(sample_frames()))

    def config(self) -> Mapping[str, Any]:
        return {"pcap_file": str(self.path)}
