"""A network of our own: two namespaces joined by a veth pair, gone when the test is over."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pktvisor.engine import Engine
from pktvisor.streams import StreamStatus

__all__ = ["Lab", "at_rest", "blasted", "needs_lab", "rss_bytes"]

_NUMBERS = itertools.count()
_MISSING = [tool for tool in ("ip", "tcpreplay", "dig", "dnsmasq") if shutil.which(tool) is None]

needs_lab = pytest.mark.skipif(
    os.geteuid() != 0 or bool(_MISSING),
    reason="network namespaces need root and the programs ip, tcpreplay, dig and dnsmasq"
    f" (missing: {', '.join(_MISSING) or 'root only'})",
)


def run(*command: str, check: bool = True, timeout_s: float = 60) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Lab:
    """`near` is an interface here, `far` its other end in the namespace `space`."""

    def __init__(self) -> None:
        tail = f"{os.getpid() % 100000:05d}{next(_NUMBERS):02d}"
        self.space = f"pktvisor-{tail}"
        self.near, self.far = f"pvn{tail}", f"pvf{tail}"

    def up(self) -> None:
        run("ip", "netns", "add", self.space)
        run("ip", "link", "add", self.near, "mtu", "9000", "type", "veth",
            "peer", "name", self.far, "mtu", "9000", "netns", self.space)  # fmt: skip
        for prefix, name in (((), self.near), (("ip", "netns", "exec", self.space), self.far)):
            # Nothing but the test's own packets: no neighbour discovery, no multicast reports.
            quiet = f"echo 1 > /proc/sys/net/ipv6/conf/{name}/disable_ipv6"
            run(*prefix, "sh", "-c", quiet)
            run(*prefix, "ip", "link", "set", name, "up", "arp", "off", "multicast", "off")

    def down(self) -> None:
        run("ip", "link", "del", self.near, check=False)
        run("ip", "netns", "del", self.space, check=False)

    def address(self, here: str, there: str) -> None:
        """Give both ends an address and let them find each other."""
        inside = ("ip", "netns", "exec", self.space)
        run("ip", "addr", "add", here, "dev", self.near)
        run(*inside, "ip", "addr", "add", there, "dev", self.far)
        run("ip", "link", "set", self.near, "arp", "on")
        run(*inside, "ip", "link", "set", self.far, "arp", "on")

    def spawn(self, *command: str) -> subprocess.Popen[str]:
        """Start a program at the far end."""
        return subprocess.Popen(
            ("ip", "netns", "exec", self.space, *command),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def replay(self, capture: Path, *options: str) -> tuple[int, float]:
        """Send a capture from the far end; returns how many packets went out, and their rate."""
        sent = self.spawn("tcpreplay", "-i", self.far, *options, str(capture))
        return replayed(sent)


def replayed(sender: subprocess.Popen[str]) -> tuple[int, float]:
    """Wait for a tcpreplay to end; packets and packets a second, as it tells them."""
    text, _ = sender.communicate(timeout=120)
    packets = re.search(r"Actual: (\d+) packets .* sent in ([\d.]+) seconds", text)
    failed = re.search(r"Failed packets:\s+(\d+)", text)
    assert packets is not None, text
    assert failed is None or failed[1] == "0", text
    return int(packets[1]), int(packets[1]) / max(float(packets[2]), 1e-6)


def blasted(lab: Lab, capture: Path, rounds: int) -> tuple[int, float]:
    """Send from a ring of the kernel's; returns how many packets went out, and in how many seconds."""
    script = str(Path(__file__).with_name("sender.py"))
    sender = lab.spawn(sys.executable, script, lab.far, str(capture), str(rounds))
    text, _ = sender.communicate(timeout=120)
    packets, seconds = text.split()
    return int(packets), float(seconds)


@contextmanager
def lab() -> Iterator[Lab]:
    made = Lab()
    try:
        made.up()
        yield made
    finally:
        made.down()


def at_rest(engine: Engine, *, at_least: int = 0, timeout_s: float = 30) -> StreamStatus:
    """The ledger of the only stream, once what was sent has been worked off.

    `at_least` packets must have come: on a busy machine the first may be long in coming.
    """
    deadline = time.monotonic() + timeout_s
    calm = 0
    before = None
    while time.monotonic() < deadline:
        (status,) = engine.streams()
        same = before is not None and status.kernel_received == before.kernel_received >= at_least
        calm = calm + 1 if same and not status.queued and not status.unaccounted else 0
        if calm == 4:  # longer than a packet waits in a block
            return status
        before = status
        time.sleep(0.1)
    raise AssertionError(f"the stream does not come to rest: {engine.streams()}")


def rss_bytes() -> int:
    """Memory of this process that is resident."""
    text = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024
