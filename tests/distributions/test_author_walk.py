"""What an author of a plugin does, from an empty folder to a wheel, done for real.

The tutorial is run as it stands, in a virtual environment it makes itself; in that environment the
walk is done once more with the project as `pktvisor-sdk new` writes it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.traffic import sample_frames
from tests.distributions.tutorial import Block, blocks, run
from tests.e2e.daemons import Starter, daemons, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tutorial uses curl: install it"),
]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/plugins/tutorial.md"

CONFIG = """
visor:
  taps:
    recorded: {{input_type: pcap, config: {{pcap_file: {capture}}}}}
  policies:
    default:
      kind: collection
      input: {{tap: recorded, input_type: pcap}}
      handlers: {{modules: {{mine: {{type: tls_sni}}}}}}
"""


def environment(*first: Path) -> dict[str, str]:
    """That of a person who has only this Python on the path, and a checkout."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "VIRTUAL"))
    }
    path = [*map(str, first), str(Path(sys.executable).parent), kept.get("PATH", "")]
    return {**kept, "PATH": os.pathsep.join(path), "PKTVISOR": str(ROOT)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder the tutorial is followed in."""
    return tmp_path_factory.mktemp("author")


@pytest.fixture(scope="module")
def printed(folder: Path) -> list[tuple[Block, str]]:
    """What each command of the tutorial printed, and what the page says it prints."""
    return list(run(PAGE, folder, environment(), {"10853": str(free_port())}))


def test_the_tutorial_does_what_it_says(printed: list[tuple[Block, str]]) -> None:
    assert len(printed) == sum(block.kind == "text" for block in blocks(PAGE))
    for block, text in printed:
        assert block.agrees(text), f"the page says:\n{block.text}\nprinted was:\n{text}"


@pytest.fixture
def commands(folder: Path, printed: object) -> Path:
    """The commands of the environment the tutorial made, its own plugin removed."""
    found = folder / "venv/bin"
    shell(found, folder, "pip uninstall -q -y pktvisor-tls-sni")
    return found


def shell(commands: Path, folder: Path, line: str) -> str:
    done = subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env=environment(commands),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with daemons(tmp_path) as starter:
        yield starter


def test_a_new_project_is_installed_tested_served_and_gone(
    commands: Path, start: Starter, tmp_path: Path
) -> None:
    """From an empty folder; nothing of core is changed or told."""
    empty = tmp_path / "empty"
    empty.mkdir()
    capture, config = tmp_path / "sample.pcap", tmp_path / "policy.yaml"
    capture.write_bytes(pcap_bytes(sample_frames()))
    config.write_text(CONFIG.format(capture=capture))
    shell(commands, empty, "pktvisor-sdk new handler tls_sni")
    project = empty / "pktvisor-tls-sni"
    shell(commands, project, "pip install -q -e .")
    assert " passed" in shell(commands, project, "pytest -q")
    assert "0 broken" in shell(commands, project, "pktvisor-sdk check pktvisor-tls-sni")

    daemon = start("--config", str(config), program=commands / "pktvisord")
    get = daemon.client.get
    daemon.wait_until(
        lambda: (
            "tls_sni" in get("/api/v1/policies/default/metrics/bucket/0").text
            and get("/health").json()["inputs"]
        )
    )
    (shown,) = get("/api/v1/policies/default/metrics/bucket/0").json().values()
    assert shown["default-recorded-mine"]["tls_sni"]["payloads"] > 0
    assert "# TYPE tls_sni_payloads gauge" in get("/metrics").text
    metrics = get("/api/v1/handlers/tls_sni").json()["versions"]["1.0"]["metrics"]
    assert "payloads" in [metric["path"] for metric in metrics]

    shell(commands, empty, "pip uninstall -q -y pktvisor-tls-sni")
    listed = json.loads(shell(commands, empty, "pktvisor plugins list --json"))
    assert "tls_sni" not in [record["name"] for record in listed]
    assert "handler: tls_sni" not in shell(commands, empty, "pktvisord --module-list")
    refused = shell(commands, empty, f"pktvisord -p 0 --config {config} 2>&1 || true")
    assert "no handler 'tls_sni' is installed" in refused
