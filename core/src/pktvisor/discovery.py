"""Find installed plugins without importing them: entry points in the group `pktvisor.plugins`."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import entrypoints

__all__ = ["GROUP", "Found", "find_plugins"]

GROUP = "pktvisor.plugins"
_FILE = "entry_points.txt"


class Found(NamedTuple):
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
        for info in _information(folder):
            name, _, version = info.rpartition(".")[0].partition("-")
            normalised = re.sub(r"[-_.]+", "-", name).lower()
            file = Path(folder, info, _FILE)
            if normalised not in seen and file.exists():
                seen.add(normalised)
                yield from _read(file, normalised, version)


def _information(folder: str) -> list[str]:
    """The names of a folder's metadata directories; what is no folder has none."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return []
    return sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))


def _read(file: Path, distribution: str, version: str) -> Iterator[Found]:
    try:
        text = file.read_text(encoding="utf-8")
        if GROUP not in text and _is_plain(text):
            return  # nothing for us, nothing wrong: most are so, and parsing them takes long
        parser = entrypoints.CaseSensitiveConfigParser(delimiters=("=",))
        parser.read_string(text)
        items = list(parser[GROUP].items()) if GROUP in parser else []
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        reason = " ".join(f"{_FILE} cannot be read: {error}".split())
        yield Found("", "", distribution, version, reason)
        return
    for name, target in items:
        try:
            entrypoints.EntryPoint.from_string(target, name)
        except entrypoints.BadEntryPoint:
            yield Found(name, target, distribution, version, f"not an entry point: {target!r}")
        else:
            yield Found(name, target.split("[")[0].strip(), distribution, version)


def _is_plain(text: str) -> bool:
    """Whether a file is sections of `name = target` lines at first sight."""
    lines = [line for line in text.splitlines() if line.strip()] or ["[]"]
    return lines[0][0] == "[" and all(
        (line[0] == "[" and line.rstrip().endswith("]")) or ("=" in line and not line[0].isspace())
        for line in lines
    )
