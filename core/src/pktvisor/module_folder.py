"""Plugins that are plain modules in a folder, for those who do not want to build a distribution."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from importlib.machinery import all_suffixes
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
    is installed. One that would itself be hidden comes with the reason. Raises ModuleFolderError
    when there is no such folder, or others may write to it or to anything in it that can be
    imported, or put something else in its place.
    """
    named = Path(folder).absolute()
    if not named.is_dir():
        raise ModuleFolderError(f"module folder {folder}: there is no such folder")
    # Links are followed once: what is checked is what is imported.
    root = named.resolve()
    fault = _above(named) or _above(root) or _inside(root)
    if fault:
        raise ModuleFolderError(f"module folder {folder}: {fault}")
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
    found = find_spec(name)
    origin = found.origin if found is not None else None
    if origin is None or Path(origin).resolve() != file.resolve():
        return f"its name is taken by {origin or 'another module'}"
    return ""


def _above(place: Path) -> str:
    """Who else may put something in a place, at any height; empty if nobody may."""
    return next(filter(None, (_writable(folder, sticky=True) for folder in place.parents)), "")


def _inside(root: Path) -> str:
    """Who else may write to a folder or what it holds, helpers included, through links too.

    Files no import looks at are left out. Folders may lie as deep as the file system lets them.
    """
    seen: set[Path] = set()
    left = [root]
    while left:
        place = left.pop()
        linked = place.is_symlink()
        try:
            real = place.resolve(strict=True) if linked else place
            fault = _writable(real) or (_above(real) if linked else "")
        except (OSError, RuntimeError):
            return f"{place} leads to nothing"
        if fault:
            return fault
        if real in seen:
            continue
        seen.add(real)
        if real.is_dir():
            left += (
                entry
                for entry in sorted(real.iterdir(), reverse=True)
                if entry.is_dir() or entry.name.endswith(tuple(all_suffixes()))
            )
    return ""


def _writable(place: Path, *, sticky: bool = False) -> str:
    """Who else may write to a file or folder; empty if nobody may.

    In a folder that is `sticky` everyone may add something, but only its owner replace it.
    """
    about = place.stat()
    only = "; only its owner may, root or this user"
    if about.st_uid not in (ROOT, os.geteuid()):
        return f"{place} belongs to user {about.st_uid}{only}"
    if sticky and about.st_mode & stat.S_ISVTX:
        return ""
    if about.st_mode & stat.S_IWOTH:
        return f"{place} may be written by everyone{only}"
    if about.st_mode & stat.S_IWGRP and about.st_gid not in (ROOT, os.getegid()):
        return f"{place} may be written by group {about.st_gid}{only}"
    return ""
