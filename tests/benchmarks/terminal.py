"""What the terminal UI costs: CPU at a refresh a second, and the time to the first figures.

    python -m tests.benchmarks.terminal [SECONDS]

The real `pktvisor-cli` runs in tmux at 200x60 over a real agent with net, dns and pcap, whose figures
change all the time: the sample capture is replayed to it on a veth pair, which takes root. Prints one line
for each figure beside its bar.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.lab import lab, run
from tests.e2e.terminal import Terminal
from tests.e2e.watched import CLI, watched_agent
from tests.samples import SAMPLE

CPU_BAR_PERCENT = 5.0
START_BAR_S = 1.5
STARTS = 5
SIZE = (200, 60)


def main() -> None:
    if "--inside" not in sys.argv:
        inside = ("unshare", "--net", sys.executable, "-m", "tests.benchmarks.terminal")
        raise SystemExit(subprocess.call((*inside, *sys.argv[1:], "--inside")))
    seconds = float(next((a for a in sys.argv[1:] if a[0].isdigit()), "30"))
    run("ip", "link", "set", "lo", "up")
    with lab() as network, watched_agent(network):
        sender = network.spawn("tcpreplay", "--quiet", "-i", network.far, "--loop=0", str(SAMPLE))
        try:
            took, spent = zip(*(start() for _ in range(STARTS)), strict=True)
            print(f"first figures after {statistics.median(took):.2f} s (bar {START_BAR_S} s),"
                  f" of which CPU {statistics.median(spent):.2f} s; of {STARTS} starts")  # fmt: skip
            percent = cpu_percent(seconds)
            print(f"CPU {percent:.1f} % of a core (bar {CPU_BAR_PERCENT} %), over {seconds:.0f} s")
        finally:
            sender.terminate()
    load = os.getloadavg()[0]
    print(f"load of the machine {load:.1f} on {os.cpu_count()} cores")


def start() -> tuple[float, float]:
    """Seconds to the first figures, and the CPU seconds they took."""
    began = time.monotonic()
    with Terminal([CLI], SIZE) as terminal:
        process = terminal.pid()
        terminal.wait_for("QName 2", every_s=0.01)
        return time.monotonic() - began, cpu_s(process)


def cpu_percent(seconds: float) -> float:
    """CPU of the UI alone while the agent's figures change."""
    with Terminal([CLI], SIZE) as terminal:
        terminal.wait_for("QName 2")
        process = terminal.pid()
        time.sleep(2)
        began, before = time.monotonic(), cpu_s(process)
        time.sleep(seconds)
        return 100 * (cpu_s(process) - before) / (time.monotonic() - began)


def cpu_s(process: int) -> float:
    """User and system time of a process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
