"""Run the command on one capture in a process of its own, within limits, and see how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("pktvisor-pcap")
SECONDS = 25
MEGABYTES = 512
# What docs and --help promise: whole, in part, refused.
DOCUMENTED = {0, 1, 2}


@dataclass(frozen=True)
class Ending:
    """Exit code (negative: the signal), both outputs, and the peak of resident memory."""

    code: int
    out: str
    err: str
    megabytes: int

    def complaints(self) -> list[str]:
        """What a user must never see: a trace, a signal, an unknown code, too much memory."""
        found = []
        if self.code == -signal.SIGKILL:
            found.append(f"ran longer than {SECONDS} s")
        elif self.code not in DOCUMENTED:
            found.append(f"exit code {self.code}")
        if "Traceback" in self.err:
            found.append(f"a trace: {self.err.splitlines()[-1]}")
        if self.code and not self.reason:
            found.append("no line that says why")
        if bool(self.out) == (self.code == 2):
            found.append("a summary exactly when it is refused")
        if self.megabytes > MEGABYTES:
            found.append(f"{self.megabytes} MB of memory")
        return found

    @property
    def reason(self) -> str:
        """The line that says what was wrong, without the command's name; empty if there is none."""
        lines = [line for line in self.err.splitlines() if line.startswith("pktvisor-pcap: ")]
        return lines[-1].partition(": ")[2] if len(lines) == 1 else ""


def summarize_alone(*arguments: str | Path) -> Ending:
    """`pktvisor-pcap ARGUMENTS`, killed when it takes too long."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([COMMAND, *arguments], stdout=out, stderr=err)
        killer = threading.Timer(SECONDS, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        return Ending(process.returncode, texts[0], texts[1], usage.ru_maxrss // 1024)
