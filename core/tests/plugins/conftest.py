"""What tests of discovery share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .installing import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A folder on `sys.path` to install plugins into."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder, monkeypatch)
