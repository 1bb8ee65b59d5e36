"""Find installed plugins without importing them: entry points in the group `pktvisor.plugins`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["GROUP", "Found", "find_plugins"]

GROUP = "pktvisor.plugins"
_FILE = "entry_points.txt"

# What nearly all files are: sections of `name = target` lines.
_PLAIN = re.compile(r"(?:[ \t\r]*\n|\[[^\n]*\][ \t\r]*\n|[^\s\[][^\n]*=[^\n]*\n)*+")
_OURS = re.compile(
    r"^\[" + re.escape(GROUP) + r"\][ \t\r]*\n((?:[^\[\n][^\n]*\n|\n)*)", re.MULTILINE
)
_ITEM = re.compile(r"([\w.-]+)\s*=\s*(\w+(?:\.\w+)*(?::\w+(?:\.\w+)*)?)\s*\Z")


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
    here = os.getcwd()  # noqa: PTH109 - paths as text, here and below: many are looked at
    for folder in sys.path if path is None else path:
        if not folder or os.path.abspath(folder) == here:  # noqa: PTH100
            continue
        for info in _information(folder):
            name, _, version = info.rpartition(".")[0].partition("-")
            normalised = re.sub(r"[-_.]+", "-", name).lower()
            file = f"{folder}/{info}/{_FILE}"
            if normalised not in seen and os.path.exists(file):  # noqa: PTH110
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


def _read(file: str, distribution: str, version: str) -> Iterator[Found]:
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123
            text = opened.read() + "\n"
    except (OSError, UnicodeDecodeError) as error:
        yield _unreadable(error, distribution, version)
        return
    if text.lstrip()[:1] in {"", "["} and _PLAIN.fullmatch(text):
        ours = _OURS.findall(text)
        lines = [line for section in ours for line in section.splitlines() if line.strip()]
        items = {item[1]: item[2] for item in map(_ITEM.match, lines) if item is not None}
        if GROUP not in text or (len(ours) == 1 and len(items) == len(lines)):
            for name, target in items.items():
                yield Found(name, target, distribution, version)
            return
    yield from _parse(text, distribution, version)


def _parse(text: str, distribution: str, version: str) -> Iterator[Found]:
    """Have `entrypoints` read what is not plain, and say what is wrong; importing it takes long."""
    import configparser

    import entrypoints

    try:
        parser = entrypoints.CaseSensitiveConfigParser(delimiters=("=",))
        parser.read_string(text)
        items = list(parser[GROUP].items()) if GROUP in parser else []
    except configparser.Error as error:
        yield _unreadable(error, distribution, version)
        return
    for name, target in items:
        try:
            entrypoints.EntryPoint.from_string(target, name)
        except entrypoints.BadEntryPoint:
            yield Found(name, target, distribution, version, f"not an entry point: {target!r}")
        else:
            yield Found(name, target.split("[")[0].strip(), distribution, version)


def _unreadable(error: Exception, distribution: str, version: str) -> Found:
    reason = " ".join(f"{_FILE} cannot be read: {error}".split())
    return Found("", "", distribution, version, reason)
