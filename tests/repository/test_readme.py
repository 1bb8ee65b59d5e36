"""README keeps its word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
PAGES = [
    page.relative_to(ROOT)
    for page in [*ROOT.glob("*.md"), *ROOT.glob("samples/*.md"), *ROOT.glob("docs/**/*.md")]
]


def test_the_library_script_counts_with_a_handler_attached_while_the_stream_runs() -> None:
    """Its handler counts the large packets after the first batch: some, not all, of the sample's."""
    (script,) = [text for language, text in BLOCKS if language == "python"]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    everything = subprocess.run(
        [sys.executable, "-c", re.sub(r" +engine\.step.*\n", "", script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    counted, in_all = (json.loads(run.stdout)["5m"]["sizes"] for run in (done, everything))
    assert 0 < counted["large"] < in_all["large"]


@pytest.mark.parametrize(
    "line",
    [
        line
        for language, text in BLOCKS
        for line in text.splitlines()
        if language == "sh" and "pktvisor-pcap" in line
    ],
)
def test_every_command_shown_works(line: str) -> None:
    """The lines are run as they stand, in a shell, with this environment's commands."""
    command = line.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text()
    targets = [t for t in re.findall(r"\]\(([^)#]+)", text) if "://" not in t]
    missing = [t for t in targets if not (ROOT / page).parent.joinpath(t).exists()]
    assert missing == []


def test_every_make_target_mentioned_exists() -> None:
    """README and CONTRIBUTING name only targets that `make help` lists."""
    listed = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = README + (ROOT / "CONTRIBUTING.md").read_text()
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= listed


def test_no_file_of_a_targets_name_stops_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    listed = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == listed
