"""What a tap may set for `rotating`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RotatingConfig:
    """Settings, checked when a tap is used."""

    rotating_folder: str = field(default="", metadata={"doc": "folder with the capture files"})
    pattern: str = field(default="*.pcap*", metadata={"doc": "which files in it, as a shell says"})

    def __post_init__(self) -> None:
        if not Path(self.rotating_folder).is_dir() or not self.rotating_folder:
            raise ValueError(f"rotating_folder: {self.rotating_folder!r} is no folder")
