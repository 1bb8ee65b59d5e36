"""The environment the tests run in is the one that is pinned."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def test_everything_installed_is_pinned_to_what_is_installed() -> None:
    """Add what a new dependency brings along to constraints.txt (`pip freeze` lists it)."""
    pinned = set(re.findall(r"^[^#\n]+", CONSTRAINTS.read_text(), re.MULTILINE))
    installed = {
        f"{re.sub(r'[-_.]+', '-', d.metadata['Name']).lower()}=={d.version}"
        for d in distributions()
    }
    ours = {line for line in installed if line.startswith(("pktvisor-", "pip=="))}
    assert installed - ours - pinned == set()
