"""Settings of the input `mock`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["MockConfig"]


@dataclass(frozen=True)
class MockConfig:
    """Takes any settings; only one of them does something."""

    except_on_start: bool = field(default=False, metadata={"doc": "Refuse to start"})
    others: Mapping[str, Any] = field(
        default_factory=dict, metadata={"doc": "Any other settings, without effect", "rest": True}
    )
