"""What a service manager and a shell expect of a daemon: readiness, and going to the background."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

__all__ = ["go_to_background", "notify"]


def notify(*lines: str) -> None:
    """Tell systemd the state, as `READY=1`; nothing where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
            channel.sendall("\n".join(lines).encode())
        except OSError:
            return


def go_to_background() -> None:
    """Fork: the parent says the child's id on standard error and leaves; the child goes on alone.

    To be called before any thread starts.
    """
    child = os.fork()
    if child:
        sys.stderr.write(f"pktvisord: process {child} goes on in the background\n")
        sys.stderr.flush()
        os._exit(0)
    os.setsid()
    os.umask(0o027)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    os.chdir(Path("/"))
