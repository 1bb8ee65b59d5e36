"""A real `pktvisord` with a sink of a plain module writes every finished minute to a file."""

from __future__ import annotations

import json
from pathlib import Path

from pktvisor_sdk.captures import START_NS, pcap_bytes
from pktvisor_sdk.frames import udp_frame
from tests.e2e.daemons import Starter

SINK = """
from dataclasses import dataclass, field
from pktvisor import Sink, SinkSpec, hookimpl
from pktvisor.exposition.json import bucket_json, dumps

@dataclass(frozen=True)
class Config:
    path: str = field(metadata={"doc": "file to add lines to"})

class Lines(Sink):
    def __init__(self, config):
        super().__init__(config)
        self._file = open(config.path, "a")

    def write(self, sealed):
        shown = {sealed.bucket.schema: bucket_json(sealed.bucket)}
        self._file.write(dumps({"handler": sealed.handler, **shown}) + "\\n")
        self._file.flush()

    def close(self):
        self._file.close()

@hookimpl
def pktvisor_sinks():
    yield SinkSpec(name="lines", version="1.0", config=Config, factory=Lines)
"""

CONFIG = """
visor:
  config: {{module_dir: {folder}}}
  sinks:
    archive:
      sink_type: lines
      config: {{path: {path}}}
  taps:
    t: {{input_type: pcap, config: {{pcap_file: {capture}}}}}
  policies:
    default:
      kind: collection
      input: {{tap: t, input_type: pcap}}
      handlers: {{modules: {{net: {{type: net}}}}}}
"""


def test_finished_minutes_are_written_and_counted(start: Starter, tmp_path: Path) -> None:
    folder, path, capture = tmp_path / "modules", tmp_path / "lines", tmp_path / "c.pcap"
    folder.mkdir()
    (folder / "lines.py").write_text(SINK)
    frame = udp_frame("192.0.2.1", "192.0.2.2", 1, 2)
    capture.write_bytes(pcap_bytes([(START_NS + n * 10**9, frame) for n in range(150)]))
    config = tmp_path / "policy.yaml"
    config.write_text(CONFIG.format(folder=folder, path=path, capture=capture))
    daemon = start("--config", str(config))
    daemon.wait_until(lambda: daemon.client.get("/api/v1/sinks").json()["archive"]["written"] >= 3)
    shown = daemon.client.get("/api/v1/sinks").json()["archive"]
    assert (shown["type"], shown["errors"], shown["dropped"]) == ("lines", 0, 0)
    assert daemon.client.get("/health").json()["sinks"]["archive"]["written"] == shown["written"]
    metrics = daemon.client.get("/metrics").text
    labels = '{sink="archive",type="lines"}'
    assert f"pktvisor_sink_written_buckets_total{labels} {shown['written']}.0" in metrics
    daemon.process.terminate()
    assert daemon.process.wait(60) == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    net = [line["packets"]["events"] for line in lines if "packets" in line]
    assert net == [60, 60, 30]
