"""Find installed plugins without importing them: entry points in the group `pktvisor.plugins`."""

from __future__ import annotations

import configparser
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import entrypoints

__all__ = ["GROUP", "Found", "find_plugins"]

GROUP = "pktvisor.plugins"


@dataclass(frozen=True)
class Found:
    """One entry point, or one distribution whose entry points cannot be read (`reason` says why)."""

    name: str
    target: str
    distribution: str
    version: str
    reason: str = ""


def find_plugins(path: list[str] | None = None) -> Iterator[Found]:
    """Every plugin the interpreter could import, in `sys.path` order, one distribution once.

    Each distribution's file is read by itself, so a malformed one is reported and hides no other.
    The current directory and '' are left out: what lies where a command was started is no plugin.
    """
    seen: set[str] = set()
    here = Path.cwd()
    for folder in sys.path if path is None else path:
        if not folder or Path(folder).absolute() == here:
            continue
        for pattern in ("*.dist-info", "*.egg-info"):
            for info in sorted(Path(folder).glob(f"{pattern}/entry_points.txt")):
                name, _, version = info.parent.stem.partition("-")
                normalised = re.sub(r"[-_.]+", "-", name).lower()
                if normalised not in seen:
                    seen.add(normalised)
                    yield from _read(info, normalised, version)


def _read(file: Path, distribution: str, version: str) -> Iterator[Found]:
    parser = entrypoints.CaseSensitiveConfigParser(delimiters=("=",))
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        items = list(parser[GROUP].items()) if GROUP in parser else []
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        reason = " ".join(f"{file.name} cannot be read: {error}".split())
        yield Found("", "", distribution, version, reason)
        return
    for name, target in items:
        try:
            entrypoints.EntryPoint.from_string(target, name)
        except entrypoints.BadEntryPoint:
            yield Found(name, target, distribution, version, f"not an entry point: {target!r}")
        else:
            yield Found(name, target.split("[")[0].strip(), distribution, version)
