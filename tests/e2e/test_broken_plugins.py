"""A real `pktvisord` beside plugins that are broken, in every way they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.daemons import Starter

GOOD = """
from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, StreamHandler, hookimpl

class Seen(Bucket):
    schema = "seen"
    total = Counter("total", "Packets")

class Handler(StreamHandler):
    def update(self, batch, bucket):
        bucket.total.add(len(batch))

@hookimpl
def pktvisor_handlers():
    yield HandlerSpec(name="NAME", version="1.0", bucket=Seen, factory=FACTORY, accepts=(PacketBatch,))
"""

POLICY = """
visor:
  taps: {m: {input_type: mock}}
  policies:
    default:
      kind: collection
      input: {tap: m, input_type: mock}
      handlers: {modules: {net: {type: net}, theirs: {type: theirs}}}
"""


def module(name: str, factory: str = "Handler") -> str:
    return GOOD.replace("NAME", name).replace("FACTORY", factory)


def install(site: Path, name: str, source: str, entry_points: str = "") -> None:
    """A distribution as pip would leave it."""
    info = site / f"theirs_{name}-2.5.dist-info"
    info.mkdir(parents=True)
    text = entry_points or f"[pktvisor.plugins]\n{name} = {name}\n"
    (info / "entry_points.txt").write_text(text)
    (site / f"{name}.py").write_text(source)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with one good plugin and many broken ones."""
    site = tmp_path / "site"
    install(site, "good", module("theirs"))
    install(site, "raises", "1 / 0\n")
    install(site, "exits", "raise SystemExit(3)\n")
    install(site, "garbled", "def (:\n")
    install(site, "taken", module("theirs"))
    install(site, "hollow", module("hollow", '"nowhere:Handler"'))
    install(site, "cut", "", "[pktvisor.plugins\nx")
    install(site, "idle", "1 / 0\n")
    return site


def test_the_daemon_goes_on_and_says_of_each_plugin_what_became_of_it(
    start: Starter, site: Path, tmp_path: Path
) -> None:
    config = tmp_path / "policy.yaml"
    config.write_text(POLICY)
    daemon = start("--config", str(config), "--disable-plugin", "idle", PYTHONPATH=str(site))
    records = daemon.client.get("/api/v1/plugins").json()
    theirs = {r["distribution"]: r for r in records if r["distribution"].startswith("theirs-")}
    assert {record["version"] for record in theirs.values()} == {"2.5"}
    assert {name.removeprefix("theirs-"): record["reason"] for name, record in theirs.items()} == {
        "good": "",
        "raises": "import failed: ZeroDivisionError: division by zero",
        "exits": "import failed: SystemExit: 3",
        "garbled": "import failed: SyntaxError: invalid syntax (garbled.py, line 1)",
        "taken": "ValueError: handler theirs 1.0 is declared already"
        " by plugin 'good' of theirs-good 2.5",
        "hollow": "handler hollow 1.0: ModuleNotFoundError: No module named 'nowhere'",
        "cut": "entry_points.txt cannot be read: File contains no section headers."
        " file: '<string>', line: 1 '[pktvisor.plugins\\n'",
        "idle": "switched off",
    }
    log = daemon.log.read_text()
    for name in ("raises", "exits", "garbled", "taken", "hollow"):
        assert f"plugin '{name}' of theirs-{name} 2.5: disabled: " in log
    handlers = daemon.client.get("/api/v1/handlers").json()
    assert {"net", "dns", "theirs"} <= set(handlers)
    assert "hollow" not in handlers
    shown = daemon.client.get("/api/v1/policies/default/metrics/bucket/0").json()
    assert "seen" in str(shown)


def test_plain_modules_serve_while_installed_plugins_are_left_alone(
    start: Starter, tmp_path: Path
) -> None:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "theirs.py").write_text(module("theirs"))
    (folder / "broken.py").write_text("1 / 0\n")
    daemon = start("--full-api", "--module-dir", str(folder), PKTVISOR_DISABLE_PLUGIN_AUTOLOAD="1")
    assert list(daemon.client.get("/api/v1/handlers").json()) == ["theirs"]
    records = {r["name"]: r for r in daemon.client.get("/api/v1/plugins").json()}
    assert records["theirs"]["provides"] == ["handler theirs 1.0"]
    assert records["broken"]["reason"] == "import failed: ZeroDivisionError: division by zero"
    assert {record["distribution"] for record in records.values()} == {str(folder)}
