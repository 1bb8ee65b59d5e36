"""The distributions are built, installed and removed one by one, in an environment of their own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.samples import SAMPLE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in [*ROOT.glob("*/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")])  # fmt: skip
FIRST = [ROOT / "core", ROOT / "plugins" / "pcap_input", ROOT / "plugins" / "dns_handler"]


def project(folder: Path) -> dict[str, Any]:
    """The `[project]` table of a distribution."""
    table: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return table


class Environment:
    """A virtual environment that holds nothing but pip and what is installed into it."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self.folder = folder

    def pip(self, *arguments: str | Path) -> str:
        """Run pip with the pinned versions; its output."""
        command = [self.folder / "bin" / "python", "-m", "pip", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self, *folders: Path) -> None:
        """`pip install FOLDER/ …`, as README says."""
        self.pip("install", "-q", "-c", ROOT / "constraints.txt", *folders)

    def summarize(self) -> tuple[set[str], str]:
        """The schemas in the summary of the sample, and standard error."""
        command = [self.folder / "bin" / "pktvisor-pcap", "--periods", "1", SAMPLE]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        return set(json.loads(done.stdout)["1m"]), done.stderr

    @property
    def site(self) -> Path:
        """Where packages lie."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        return site


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Core, the pcap input and the dns handler, from their folders."""
    made = Environment(tmp_path_factory.mktemp("environment") / "venv")
    made.install(*FIRST)
    return made


@contextmanager
def added(environment: Environment, folder: Path) -> Iterator[None]:
    """With one more distribution, which is uninstalled afterwards."""
    environment.install(folder)
    try:
        yield
    finally:
        environment.pip("uninstall", "-q", "-y", project(folder)["name"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_wheel_builds_and_holds_the_package_and_its_types(
    folder: Path, tmp_path: Path, environment: Environment
) -> None:
    environment.pip("wheel", "-q", "--no-deps", "-w", tmp_path, folder)
    (wheel,) = tmp_path.iterdir()
    assert wheel.name.startswith(project(folder)["name"].replace("-", "_"))
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith("/py.typed")]
    assert [name for name in names if "tests/" in name and "templates/" not in name] == []
    settings = tomllib.loads((folder / "pyproject.toml").read_text())
    kernels = settings.get("tool", {}).get("setuptools", {}).get("ext-modules", [])
    compiled = {name.partition(".")[0].replace("/", ".") for name in names if name.endswith(".so")}
    assert compiled == {kernel["name"] for kernel in kernels}
    assert ("abi3" in wheel.name) == bool(kernels)


def test_core_input_and_dns_give_a_command_with_exactly_dns(environment: Environment) -> None:
    """No compiler is left behind: nothing of the build is needed to run."""
    assert environment.summarize()[0] == {"dns"}
    assert "cython" not in environment.pip("list").lower()


def test_a_handler_comes_and_goes_with_its_distribution(environment: Environment) -> None:
    with added(environment, ROOT / "plugins" / "net_handler"):
        assert environment.summarize()[0] == {"dns", "packets"}
    assert environment.summarize()[0] == {"dns"}


def test_a_broken_plugin_and_a_malformed_foreign_file_are_reported_and_the_rest_works(
    environment: Environment,
) -> None:
    broken = environment.site / "broken_thing-1.2.dist-info"
    foreign = environment.site / "foreign_thing-3.4.dist-info"
    for folder, text in (
        (broken, "[pktvisor.plugins]\nbroken = no_such_module\n"),
        (foreign, "[console_scripts\nx"),
    ):
        folder.mkdir()
        (folder / "entry_points.txt").write_text(text)
    try:
        schemas, said = environment.summarize()
    finally:
        shutil.rmtree(broken)
        shutil.rmtree(foreign)
    assert schemas == {"dns"}
    assert "plugin 'broken' of broken-thing 1.2: disabled: import failed" in said
    assert "entry points of foreign-thing 3.4: disabled: entry_points.txt cannot be read" in said


def test_every_console_script_starts(environment: Environment) -> None:
    scripts = {name for folder in FIRST for name in project(folder).get("scripts", {})}
    for name in sorted(scripts):
        done = subprocess.run(
            [environment.folder / "bin" / name, "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
        # The daemon says `pktvisor`, as the original's programs do.
        assert re.match(rf"({name}|pktvisor) \d+\.\d+\.\d+", done.stdout)
