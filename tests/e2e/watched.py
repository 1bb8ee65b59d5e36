"""A real agent with figures that change, for a real `pktvisor-cli` to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.daemons import PROGRAM, Daemon, daemons
from tests.e2e.lab import Lab
from tests.samples import SAMPLE_HOSTS

__all__ = ["CLI", "watched_agent"]

CLI = str(PROGRAM.with_name("pktvisor-cli"))
_PORT = 10853  # where pktvisor-cli looks


@contextmanager
def watched_agent(network: Lab) -> Iterator[Daemon]:
    """An agent with net, dns and pcap on the near end of a lab, on the usual port."""
    tap = {"input_type": "pcap", "config": {"iface": network.near, "host_spec": SAMPLE_HOSTS}}
    policy = {
        "kind": "collection",
        "input": {"tap": "veth", "input_type": "pcap"},
        "handlers": {"modules": {name: {"type": name} for name in ("net", "dns", "pcap")}},
    }
    document = {"visor": {"taps": {"veth": tap}, "policies": {"default": policy}}}
    with TemporaryDirectory() as folder, daemons(Path(folder)) as start:
        config = Path(folder) / "agent.yaml"
        config.write_text(json.dumps(document))
        yield start("--config", str(config), port=_PORT)
