"""A program in a real terminal: tmux on a socket of its own, gone when the test is over."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Self

import pytest

from tests.e2e.processes import children

__all__ = ["Terminal", "needs_tmux"]

_NUMBERS = itertools.count()
_PATIENCE_S = 30.0
_ENDED = "ended with status "

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """Runs a command at a size; what it shows can be read, keys can be pressed."""

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (120, 40),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._socket = f"pktvisor-{os.getpid()}-{next(_NUMBERS)}"
        # The size is the terminal's, whatever the one around us says of its own. tmux itself may
        # lose the status of a command, so a shell puts it on the screen, which then stays.
        inner = shlex.join(["env", "-u", "COLUMNS", "-u", "LINES", *command])
        self._command = f"{inner}; printf '{_ENDED}%s\\n' $?; exec cat"
        self._size = size
        self._environment = {"COLORTERM": "truecolor", **(environment or {})}

    def __enter__(self) -> Self:
        width, height = map(str, self._size)
        self._tmux("-f/dev/null", "start-server", ";", "set", "-g", "status", "off", ";", "set", "-g", "mouse", "on",
                   ";", "set", "-g", "default-terminal", "tmux-256color", ";", "set", "-g",
                   "escape-time", "0", ";", "set", "-g", "set-clipboard", "on", ";", "new-session", "-d", "-x", width, "-y", height,
                   *(f"-e{key}={value}" for key, value in self._environment.items()),
                   "sh", "-c", self._command)  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `C-c`, `/`."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", text)

    def text(self) -> str:
        """What is on the screen, line by line, without colours."""
        return self._tmux("capture-pane", "-p")

    def ansi(self) -> str:
        """What is on the screen with its colours."""
        return self._tmux("capture-pane", "-p", "-e", "-N")

    def wait_for(self, *wanted: str, gone: bool = False, every_s: float = 0.05) -> str:
        """The screen, once all texts are on it (or, with `gone`, none of them is)."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            text = self.text()
            if all((part in text) != gone for part in wanted):
                return text
            time.sleep(every_s)
        raise AssertionError(f"{wanted} {'stays' if gone else 'does not come'} on:\n{self.text()}")

    def wait_for_lines(self, *patterns: str) -> None:
        """Wait until each pattern is found within a line of the screen."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            text = self.text()
            missing = [p for p in patterns if not re.search(p, text, re.MULTILINE)]
            if not missing:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{missing} do not come on:\n{text}")
            time.sleep(0.05)

    def pid(self) -> int:
        """The process of the command, once the shell has started it."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}"))
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            if found := children(shell):
                return found[0]
            time.sleep(0.01)
        raise AssertionError(f"it does not start:\n{self.text()}")

    def exit_status(self) -> int:
        """Wait until the command has ended; what it returned."""
        text = self.wait_for(_ENDED)
        found = re.search(rf"^{_ENDED}(\d+)$", text, re.MULTILINE)
        assert found is not None, text
        return int(found[1])

    def clipboard(self) -> str:
        """What a program in the terminal has copied."""
        return self._tmux("show-buffer")

    def hang_up(self) -> None:
        """Take the terminal away, as a lost SSH connection does."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-L", self._socket, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"tmux {' '.join(arguments)}: {done.stderr}")
        return done.stdout.rstrip("\n")
