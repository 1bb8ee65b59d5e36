"""Where the captures and reference figures are that this repository does not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("PKTVISOR_CAPTURES", ROOT.parent / "shared"))
CAPTURES = SHARED / "captures"
REFERENCE = SHARED / "reference"

needs_captures = pytest.mark.skipif(
    not CAPTURES.is_dir(),
    reason="no captures: PKTVISOR_CAPTURES names no folder with captures/ and reference/ in it",
)
