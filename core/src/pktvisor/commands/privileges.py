"""Give up root: become an ordinary user that may still open captures, or not even that.

Linux keeps capabilities per thread and clears them when a thread leaves user 0, unless told before
to keep them (capabilities(7), prctl(2) PR_SET_KEEPCAPS). All of this must therefore happen in the
main thread before any other starts; those that start later inherit what is left.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "CAP_NET_RAW",
    "PrivilegeError",
    "chosen_user",
    "drop",
    "effective_capabilities",
    "unreadable",
]

CAP_NET_RAW = 13
_PR_SET_KEEPCAPS = 8
_PR_SET_NO_NEW_PRIVS = 38
_VERSION_3 = 0x20080522
_DEFAULT_USERS = ("pktvisor", "nobody")


class PrivilegeError(ValueError):
    """Privileges cannot be changed as asked: one line."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def chosen_user(name: str | None) -> pwd.struct_passwd | None:
    """The user to become; None to stay who we are. Raises PrivilegeError naming what is wrong."""
    if os.geteuid() != 0:
        if name is not None and name != pwd.getpwuid(os.geteuid()).pw_name:
            raise PrivilegeError(f"--user {name}: only root can become another user")
        return None
    for candidate in _DEFAULT_USERS if name is None else (name,):
        try:
            found = pwd.getpwnam(candidate)
        except KeyError:
            continue
        return found if found.pw_uid else None
    raise PrivilegeError(f"--user {name or ' or '.join(_DEFAULT_USERS)}: there is no such user")


def unreadable(user: pwd.struct_passwd, paths: Iterable[str]) -> str | None:
    """The first of these files and folders, or folders above them, the user cannot read."""
    for path in paths:
        place = Path(path).resolve()
        for part in (*reversed(place.parents), place):
            if not _open_to(part, user):
                return str(part)
    return None


def _open_to(path: Path, user: pwd.struct_passwd) -> bool:
    try:
        about = path.stat()
    except OSError:
        return True  # what is not there is in nobody's way
    shift = 6 if about.st_uid == user.pw_uid else 3 if about.st_gid == user.pw_gid else 0
    needed = 0o1 if stat.S_ISDIR(about.st_mode) else 0o4
    return bool(about.st_mode >> shift & needed)


def drop(user: pwd.struct_passwd | None, *, keep_capture: bool) -> None:
    """Become the user, keeping CAP_NET_RAW where asked and had; nothing can be gained back."""
    keep = keep_capture and _has_capture()
    if user is not None:
        if keep:
            _prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        os.environ["HOME"] = user.pw_dir
    if user is not None or not keep_capture:
        _set_capabilities(1 << CAP_NET_RAW if keep else 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def effective_capabilities(thread: str = "self") -> int:
    """The effective capabilities of a thread of this process as a bit mask."""
    path = f"/proc/{thread}/status"
    with open(path, encoding="ascii") as status:  # noqa: PTH123 - a kernel file
        line = next(line for line in status if line.startswith("CapEff:"))
    return int(line.split()[1], 16)


def _has_capture() -> bool:
    return bool(effective_capabilities("thread-self") >> CAP_NET_RAW & 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise PrivilegeError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _set_capabilities(mask: int) -> None:
    """Make these the permitted and effective capabilities (all below number 32)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = _Header(_VERSION_3, 0)
    data = (_Data * 2)(_Data(mask, mask, 0), _Data(0, 0, 0))
    if libc.capset(ctypes.byref(header), data) != 0:
        raise PrivilegeError(f"capset: {os.strerror(ctypes.get_errno())}")
