"""Call the command as its console script does, in this process."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pktvisor_pcap.command import run

SAMPLE = Path(__file__).parents[3] / "samples" / "dns-lab.pcap"
COMMAND = Path(sys.executable).with_name("pktvisor-pcap")
PACKETS = 2916


@dataclass(frozen=True)
class Answer:
    """Exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The handlers of the only window on standard output, which must be one line of JSON."""
        assert self.out.count("\n") == 1, self.err
        (window,) = json.loads(self.out).values()
        assert isinstance(window, dict)
        return window

    def refusal(self) -> str:
        """The only line on standard error, without the command's name; nothing was summarized."""
        assert (self.code, self.out) == (2, "")
        (line,) = self.err.splitlines()
        name, _, reason = line.partition(": ")
        assert name == "pktvisor-pcap"
        return reason


class Caller:
    """Calls the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Answer:
        """`pktvisor-pcap ARGUMENTS` with these bytes on standard input."""
        self._monkeypatch.setattr(sys, "argv", ["pktvisor-pcap", *map(str, arguments)])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            run()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)
