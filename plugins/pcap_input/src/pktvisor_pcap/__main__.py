"""Start `pktvisor-pcap`, and end it, without paying for what nobody needs.

Half a hundred modules make many objects and no garbage, so the collector rests while they load; what
they made is frozen before packets come. When the summary is out the process is left at once: taking
all those objects apart would cost a tenth of the time a small capture takes.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn

__all__ = ["start"]


def start() -> NoReturn:
    """Run the command and end the process."""
    gc.disable()
    # Who reads the summary may go away: end as other programs do then.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    from pktvisor_pcap.command import run

    status = 0
    try:
        run()
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        status = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    start()
