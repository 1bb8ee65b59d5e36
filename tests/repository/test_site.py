"""The pages are a site: each is in its navigation, and none leads out of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if "examples" not in page.parts
)


def listed(entry: Any) -> list[str]:
    """The pages of a part of the navigation."""
    if isinstance(entry, str):
        return [entry]
    parts = entry.values() if isinstance(entry, dict) else entry
    return [page for part in parts for page in listed(part)]


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert sorted(listed(navigation)) == PAGES


def test_the_first_page_leads_to_every_decision() -> None:
    text = (DOCS / "index.md").read_text()
    assert [p for p in PAGES if p.startswith("decisions/") and f"({p})" not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_link_leads_out_of_the_site(page: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text())
    paths = [(DOCS / page).parent.joinpath(t).resolve() for t in targets if "://" not in t]
    assert [path for path in paths if not path.is_relative_to(DOCS)] == []
