"""Lay out a plugin's distribution as pip would leave it, without pip."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from pktvisor import Plugins
from pktvisor.plugins import PluginRecord

HANDLER = """
from dataclasses import dataclass
from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, hookimpl

class Seen(Bucket):
    schema = "seen"
    total = Counter("total", "Packets")

@hookimpl
def pktvisor_handlers():
    yield HandlerSpec(
        name={name!r}, version="1.0", bucket=Seen, factory="nowhere:Handler",
        accepts=(PacketBatch,), api_version={api_version},
    )
"""


def handler_module(name: str, api_version: int = 1) -> str:
    """The source of a plugin that offers one handler."""
    return HANDLER.format(name=name, api_version=api_version)


class Site:
    """A folder at the end of `sys.path`, with distributions in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setattr("sys.path", [*sys.path, str(folder)])
        importlib.invalidate_caches()

    def install(self, distribution: str, entry_points: str | bytes, **modules: str) -> None:
        """Add a distribution of version 2.5, its name as folders spell it, with this entry_points.txt and these modules."""
        info = self.folder / f"{distribution}-2.5.dist-info"
        info.mkdir()
        data = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (info / "entry_points.txt").write_bytes(data)
        for name, source in modules.items():
            (self.folder / f"{name}.py").write_text(source)

    def plugin(self, module: str, source: str) -> PluginRecord:
        """Install a plugin of one module and load everything; what became of it."""
        self.install(
            f"dist_{module}", f"[pktvisor.plugins]\n{module} = {module}\n", **{module: source}
        )
        return self.record(module)

    def record(self, name: str) -> PluginRecord:
        """What became of a plugin when everything that is installed is loaded."""
        plugins = Plugins()
        rest_works(plugins)
        (record,) = [record for record in plugins.records if record.name == name]
        return record


def rest_works(plugins: Plugins) -> None:
    """The plugins of this repository are there, whatever else is."""
    assert plugins.handler("net").version == "1.0"
    assert plugins.input("pcap").version == "1.0"
