"""`pktvisord` for one other program: it ends when its standard input does.

The program that starts it holds the other end of a pipe and never writes. However that program
ends, killed outright or not, the kernel closes its end.
"""

from __future__ import annotations

import os
import signal
import threading

from pktvisor.commands import pktvisord

__all__ = ["main"]


def main() -> None:
    """Run `pktvisord` with the same command line."""
    # A thread before privileges are given up: it keeps none either, as leaving root is for all.
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()
    pktvisord.main()


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
