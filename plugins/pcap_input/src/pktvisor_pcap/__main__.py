"""Start `pktvisor-pcap` without paying for garbage collection nobody needs.

Half a hundred modules make many objects and no garbage. While they load the collector rests; what
they made is frozen before packets come, and again at the end, so the interpreter does not search it
on its way out: a quarter of the time a small capture takes.
"""

from __future__ import annotations

import gc

__all__ = ["start"]


def start() -> None:
    """Run the command and end the process."""
    gc.disable()
    from pktvisor_pcap.command import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    start()
