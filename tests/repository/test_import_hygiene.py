"""Conventions of the code base, each a sentence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("core/src", "sdk/src", "plugins")
    for path in ROOT.joinpath(folder).rglob("*.py")
    if "build" not in path.parts and "templates" not in path.parts
)
CODE = [path for path in SOURCES if "tests" not in path.parts]
VAGUE = {"utils", "util", "helpers", "common", "misc", "manager", "managers", "base"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules a fresh interpreter has after a statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_pktvisor_loads_nothing_heavy() -> None:
    heavy = {"numpy", "datasketches", "pydantic", "rich", "litestar", "uvicorn", "impacket"}
    assert loaded_by("import pktvisor") & heavy == set()


def test_the_command_line_loads_neither_numpy_nor_sketches_before_it_has_work_to_do() -> None:
    """So that --help answers at once."""
    heavy = {"numpy", "datasketches", "pydantic", "litestar", "uvicorn", "impacket", "pcapy"}
    assert loaded_by("import pktvisor_pcap.command") & heavy == set()


def test_summarizing_a_capture_loads_no_web_server_and_no_slow_decoder() -> None:
    statement = "import pktvisor; pktvisor.summarize('samples/dns-lab.pcap', ['net', 'dns'])"
    heavy = {"litestar", "uvicorn", "impacket", "pydantic", "rich"}
    assert loaded_by(statement) & heavy == set()


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_a_small_room(path: Path) -> None:
    """About 120 lines; hardly one above 400. Kernels, which are one loop, may be longer."""
    limit = 700 if "_kernels" in path.parts else 450
    assert len(path.read_text().splitlines()) <= limit


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {part.removesuffix(".py") for path in CODE for part in path.relative_to(ROOT).parts}
    assert names & VAGUE == set()


def test_every_package_that_is_shipped_is_typed() -> None:
    packages = [*ROOT.glob("*/src/*/__init__.py"), *ROOT.glob("plugins/*/src/*/__init__.py")]
    untyped = [path.parent.name for path in packages if not (path.parent / "py.typed").exists()]
    assert untyped == []


def test_nothing_names_a_registry_or_a_folder_of_somebodys_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pattern = re.compile("|".join(("/" + "work/", "/" + "root/", "py" + "thonhosted")))
    guilty = [
        name
        for name in listed.stdout.splitlines()
        if Path(name).suffix in {".py", ".md", ".toml", ".txt", ".yml", ".sh", ""}
        and (ROOT / name).is_file()
        and pattern.search((ROOT / name).read_text(errors="replace"))
    ]
    assert guilty == []
