"""Write the reference pages from the declarations; `--check` says which are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

import api_reference
import column_reference
import surface_reference
import type_reference

PAGES: dict[str, str] = {
    "columns.md": column_reference.page(),
    **type_reference.pages(),
    **api_reference.pages(),
    **surface_reference.pages(),
}


def main() -> int:
    """Write or check every page."""
    here = Path(__file__).parent
    stale = []
    for name, text in PAGES.items():
        page = here / name
        if page.exists() and page.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text)
    if stale and "--check" in sys.argv:
        print(f"out of date, run `make docs`: {', '.join(stale)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
