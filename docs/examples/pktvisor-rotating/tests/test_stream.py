"""What `rotating` reads, and the promises every input makes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pktvisor_rotating import plugin

from pktvisor import summarize
from pktvisor.plugins import Plugins
from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.contracts import InputContract
from pktvisor_sdk.traffic import sample_frames

SPEC = next(iter(plugin.pktvisor_inputs()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three captures, the oldest last by name."""
    frames = sample_frames(90)
    for place, name in enumerate(("c.pcap", "b.pcap", "a.pcap")):
        file = tmp_path / name
        file.write_bytes(pcap_bytes(frames[30 * place : 30 * place + 30]))
        os.utime(file, (place, place))
    return tmp_path


class TestContract(InputContract):
    spec = SPEC

    @pytest.fixture(autouse=True)
    def captures(self, folder: Path) -> None:
        self.folder = folder

    def config(self) -> Mapping[str, Any]:
        return {"rotating_folder": str(self.folder)}


def test_files_come_oldest_first_as_one_stream(folder: Path) -> None:
    plugins = Plugins()
    plugins.register(plugin, "rotating")
    whole = folder / "whole"
    whole.write_bytes(pcap_bytes(sample_frames(90)))
    files = summarize(folder, ["net"], input_type="rotating", plugins=plugins).to_json()
    assert files == summarize(whole, ["net"]).to_json()


def test_a_file_that_is_no_capture_is_named_and_left_out(folder: Path) -> None:
    (folder / "d.pcap").write_bytes(b"not a capture at all")
    plugins = Plugins()
    plugins.register(plugin, "rotating")
    snapshot = summarize(folder, ["net"], input_type="rotating", plugins=plugins)
    assert snapshot.problem is not None
    assert "d.pcap" in snapshot.problem
    assert snapshot.stream["processed"] == 90


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no file is named like '\*\.pcap\*'"):
        summarize(tmp_path, [], input_type="rotating", plugins=_with_rotating())


def _with_rotating() -> Plugins:
    plugins = Plugins()
    plugins.register(plugin, "rotating")
    return plugins
