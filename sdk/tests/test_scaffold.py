"""A new plugin project is complete: its own tests are green before anything is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pktvisor_sdk.scaffold import Kind, new_project


@pytest.mark.parametrize("kind", ["handler", "input", "sink"])
def test_a_new_project_passes_its_own_tests(kind: Kind, tmp_path: Path) -> None:
    root = new_project(kind, "some_thing", tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(root)]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Upper", "1st", "with-dash", "", "class", "../up"])
def test_a_name_no_plugin_may_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed are lower-case letters"):
        new_project("handler", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_is_there_is_left_alone(tmp_path: Path) -> None:
    root = new_project("handler", "mine", tmp_path)
    (root / "README.md").write_text("my words")
    with pytest.raises(FileExistsError):
        new_project("handler", "mine", tmp_path)
    assert (root / "README.md").read_text() == "my words"
