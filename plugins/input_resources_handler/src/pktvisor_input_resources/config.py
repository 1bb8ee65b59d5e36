"""Settings of the handler `input_resources`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ResourcesConfig"]


@dataclass(frozen=True)
class ResourcesConfig:
    """Takes any settings, as the original does; none has an effect."""

    others: Mapping[str, Any] = field(
        default_factory=dict, metadata={"doc": "Any settings, without effect", "rest": True}
    )
