"""Start `pktvisor-pcap` without paying for garbage collection nobody needs.

Half a hundred modules make many objects and no garbage. While they load the collector rests; what
they made is frozen before packets come, and again at the end, so the interpreter does not search it
on its way out: a quarter of the time a small capture takes.
"""

from __future__ import annotations

import gc
import signal

__all__ = ["start"]


def start() -> None:
    """Run the command and end the process."""
    gc.disable()
    # Who reads the summary may go away: end as other programs do then.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    from pktvisor_pcap.command import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    start()
