"""Plugins that are plain modules in a folder, for those who do not want to build a distribution."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pktvisor.discovery import Found

__all__ = ["ModuleFolderError", "find_modules"]

ROOT = 0


class ModuleFolderError(ValueError):
    """A folder modules are not to be loaded from: one line."""


def find_modules(folder: str) -> Iterator[Found]:
    """Every module and package in a folder, by name; those that begin with `_` are left out.

    The folder goes to the end of `sys.path`, so that modules find each other and hide nothing that
    is installed. One that would itself be hidden, or that others may write, comes with the reason.
    Raises ModuleFolderError when there is no such folder or others may write to it or put another
    in its place.
    """
    root = Path(folder).absolute()
    if not root.is_dir():
        raise ModuleFolderError(f"module folder {folder}: there is no such folder")
    for place in (root, *root.resolve().parents):
        fault = _writable(place)
        if fault:
            raise ModuleFolderError(
                f"module folder {folder}: {place} {fault}; only its owner may, root or this user"
            )
    if str(root) not in sys.path:
        sys.path.append(str(root))
    for file in sorted((*root.glob("*.py"), *root.glob("*/__init__.py"))):
        name = file.parent.name if file.name == "__init__.py" else file.stem
        if name.startswith("_"):
            continue
        found = Found(name, name, str(root), "", _fault(name, file))
        yield found


def _fault(name: str, file: Path) -> str:
    """Why a module is not to be imported; empty if it is."""
    if not name.isidentifier():
        return f"{name!r} cannot be imported; allowed are letters, digits and _, no digit first"
    writable = [place for place in (file, file.parent) if _writable(place)]
    if writable:
        return f"{writable[0]} {_writable(writable[0])}"
    found = find_spec(name)
    origin = found.origin if found is not None else None
    if origin is None or Path(origin).resolve() != file.resolve():
        return f"its name is taken by {origin or 'another module'}"
    return ""


def _writable(place: Path) -> str:
    """Who else may write to a file or folder; empty if nobody may."""
    about = place.stat()
    if about.st_uid not in (ROOT, os.geteuid()):
        return f"belongs to user {about.st_uid}"
    if about.st_mode & stat.S_ISVTX and place.is_dir():
        return ""  # everyone may add, nobody but the owner may replace
    if about.st_mode & stat.S_IWOTH:
        return "may be written by everyone"
    if about.st_mode & stat.S_IWGRP and about.st_gid not in (ROOT, os.getegid()):
        return f"may be written by group {about.st_gid}"
    return ""
