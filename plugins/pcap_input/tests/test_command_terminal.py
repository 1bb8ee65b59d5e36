"""What the command does with terminals, pipes and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pktvisor.batches import Table
from pktvisor.captures import open_capture
from pktvisor.streams import InputStream
from pktvisor_pcap import progress

from .commanding import COMMAND, PACKETS, SAMPLE


class Reading(InputStream):
    """A stream that is half way through ten megabytes."""

    def batches(self) -> Iterator[Table]:
        return iter(())

    def progress(self) -> tuple[int, int | None]:
        return 5_000_000, 10_000_000


def written_to(leader: int) -> str:
    """All that the other side of a terminal, now closed, was given."""
    seen = b""
    try:
        while piece := os.read(leader, 4096):
            seen += piece
    except OSError:  # that is how a terminal ends
        pass
    os.close(leader)
    return seen.decode()


def test_a_short_file_draws_no_progress_bar_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    subprocess.run([COMMAND, SAMPLE], stdout=subprocess.DEVNULL, stderr=follower, check=True)
    os.close(follower)
    seen = written_to(leader)
    assert seen.startswith(f"processed {PACKETS} packets")
    assert "\x1b" not in seen


def test_a_long_file_draws_a_progress_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    monkeypatch.setattr(progress, "_PATIENCE_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress.watching("big.pcap") as watch:
            assert watch is not None
            watch(Reading())
    seen = written_to(leader)
    assert "big.pcap" in seen
    assert "5.0/10.0 MB" in seen


def test_nobody_watches_when_standard_error_is_no_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pktvisor_pcap.progress import watching\n"
         "with watching('x') as watch: print(watch)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "None\n"


def test_a_pipe_is_read_as_it_fills() -> None:
    """What is there is handed on at once, while the pipe is still open for more."""
    taking, giving = os.pipe()
    os.write(giving, SAMPLE.read_bytes()[:10_000])
    with os.fdopen(taking, "rb", buffering=0) as pipe, open_capture(pipe) as reader:
        records = next(iter(reader))
        os.close(giving)
        assert len(records) > 0


def _heeds_interrupts() -> None:
    """Undo what a shell sets for what it runs in the background: to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_on_standard_input_lets_the_writer_finish() -> None:
    """In a pipeline it reaches both sides; what the other still writes is counted."""
    data = SAMPLE.read_bytes()
    reading = subprocess.Popen(
        [COMMAND, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=_heeds_interrupts,  # noqa: PLW1509 - the child has one thread
    )
    assert reading.stdin is not None
    # More than fits into the pipe: when this returns, the command is reading.
    reading.stdin.write(data[:-1000])
    reading.send_signal(signal.SIGINT)
    out, _ = reading.communicate(data[-1000:])
    assert reading.returncode == 0
    assert json.loads(out)["5m"]["packets"]["total"] == PACKETS


def test_ctrl_c_on_a_file_ends_the_command_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = subprocess.Popen(
        [COMMAND, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heeds_interrupts,  # noqa: PLW1509 - the child has one thread
    )
    with path.open("wb") as pipe:
        pipe.write(SAMPLE.read_bytes()[:-1000])
        reading.send_signal(signal.SIGINT)
        out, err = reading.communicate()
    assert (reading.returncode, out) == (130, b"")
    assert err == b"pktvisor-pcap: interrupted\n"
