"""What draws the pictures is asked for only by who draws them, and its lack is one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT = "import sys; sys.modules['PIL'] = None; "


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_pillow_the_pictures_say_what_installs_it() -> None:
    done = run("import docs.pictures; docs.pictures.main()")
    (line,) = done.stderr.splitlines()
    assert line.startswith("docs.pictures: no PIL is installed; `make pictures` installs")


def test_the_terminal_benchmark_runs_without_pillow() -> None:
    done = run("import tests.benchmarks.terminal")
    assert (done.returncode, done.stderr) == (0, "")
