"""Real `pktvisord` processes for tests, ended with them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

__all__ = ["PROGRAM", "START_S", "Daemon", "Starter", "daemons", "free_port"]

PROGRAM = Path(sys.executable).with_name("pktvisord")
START_S = 60  # patience with a machine that is busy


class Daemon:
    """A process that runs, and a client of its API."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.log = log
        self.port = port
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def policies(self) -> list[str]:
        return sorted(self.client.get("/api/v1/policies").json())

    def at_rest(self) -> dict[str, int]:
        """The loss ledger of the only input, once something came and was worked off."""
        names = ("kernel_received", "kernel_drops", "queued", "queue_drops", "processed")
        before: dict[str, int] = {}
        for _ in range(100):
            (status,) = self.client.get("/health").json()["inputs"].values()
            ledger = {name: status[name] for name in (*names, "unaccounted")}
            calm = ledger == before and ledger["processed"] > 0
            if calm and ledger["unaccounted"] == ledger["queued"] == 0:
                return ledger
            before = ledger
            time.sleep(0.3)
        raise AssertionError(f"the stream does not come to rest: {before}")

    def wait_for(self, what: str) -> None:
        deadline = time.monotonic() + START_S
        while what not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def wait_until(self, happened: Callable[[], object]) -> None:
        deadline = time.monotonic() + START_S
        while not happened():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def wait_for_new(self, what: str, act: Callable[[], None]) -> None:
        before = self.log.read_text().count(what)
        act()
        deadline = time.monotonic() + START_S
        while self.log.read_text().count(what) == before:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Starter = Callable[..., Daemon]


@contextmanager
def daemons(tmp_path: Path) -> Iterator[Starter]:
    """A way to start daemons that listen on a free port; all of them are killed in the end."""
    running: list[Daemon] = []

    def starter(
        *options: str, port: int | None = None, program: Path = PROGRAM, **environment: str
    ) -> Daemon:
        chosen = port or free_port()
        log = tmp_path / f"log-{len(running)}"
        with log.open("w") as out:
            process = subprocess.Popen(
                [program, "-p", str(chosen), "--user", "root", *options],
                stderr=out,
                text=True,
                env={**os.environ, **environment},
            )
        daemon = Daemon(process, chosen, log)
        running.append(daemon)
        daemon.wait_for("web server listening on")
        return daemon

    try:
        yield starter
    finally:
        for daemon in running:
            daemon.client.close()
            daemon.process.kill()
            daemon.process.wait()
