"""An agent for one capture file: on a free loopback port, ended when its user leaves or is killed."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self, TextIO

from pktvisor.tui.client import Endpoint

__all__ = ["PrivateAgent"]

READY_S = 15.0
_ALIVE_S = 5.0
_INPUT = "unable to create the input of tap 'default': "
"""What the agent says before the reason why a file cannot be read."""


class PrivateAgent:
    """Runs `pktvisord` over a file; `endpoint` says where, and with which one-time token.

    Use it as a context manager. Raises ValueError with one line when it does not come up: no such
    file, no capture, a host spec that is none. Its configuration and its log are files without a
    name: nothing is left behind, however the two of us end.
    """

    def __init__(self, file: str, host_spec: str = "") -> None:
        self._given = file
        self._file = str(Path(file).resolve())
        self._host_spec = host_spec
        self._process: subprocess.Popen[str] | None = None
        self.endpoint = Endpoint("127.0.0.1", _free_port(), token=secrets.token_urlsafe(32))

    def __enter__(self) -> Self:
        if self._host_spec:
            _check_hosts(self._host_spec)
        with tempfile.TemporaryFile("w+") as config, tempfile.TemporaryFile("w+") as log:
            json.dump(self._document(), config)
            config.flush()
            config.seek(0)
            command = [sys.executable, "-m", "pktvisor.commands.private_pktvisord"]
            command += ["--config", f"/dev/fd/{config.fileno()}"]
            command += ["-l", self.endpoint.host, "-p", str(self.endpoint.port)]
            environment = {**os.environ, "PKTVISOR_TOKEN": self.endpoint.token or ""}
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, env=environment, stdout=log, stderr=log, text=True,
                stdin=subprocess.PIPE,  # it ends with the pipe, and the pipe with us
                pass_fds=[config.fileno()],
            )  # fmt: skip
            try:
                self._wait(log)
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the agent."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_ALIVE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def _document(self) -> dict[str, object]:
        from pktvisor.plugins import Plugins

        plugins = Plugins()
        source = min(
            (spec for spec in plugins.inputs.values() if spec.file_key),
            key=lambda spec: (spec.preference, spec.name),
            default=None,
        )
        if source is None:
            raise ValueError("no installed input reads files; install pktvisor-pcap")
        config = {source.file_key: self._file}
        if self._host_spec:
            config["host_spec"] = self._host_spec
        modules = {
            spec.name: {"type": spec.name}
            for spec in plugins.handlers_for(source.emits)
            if not spec.companion
        }
        return {
            "version": "1.0",
            "visor": {
                "taps": {"default": {"input_type": source.name, "config": config}},
                "policies": {
                    "default": {
                        "kind": "collection",
                        "input": {"input_type": source.name, "tap": "default"},
                        "handlers": {"modules": modules},
                    }
                },
            },
        }

    def _wait(self, log: TextIO) -> None:
        """Until the agent answers."""
        assert self._process is not None
        deadline = time.monotonic() + READY_S
        request = urllib.request.Request(  # noqa: S310 - always http to the loopback
            f"{self.endpoint.url}/api/v1/metrics/app",
            headers={"Authorization": f"Bearer {self.endpoint.token}"},
        )
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                reason = self._reason(log)
                raise ValueError(reason or f"the agent ended with {self._process.returncode}")
            try:
                with urllib.request.urlopen(request, timeout=1):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise ValueError(f"the agent did not answer within {READY_S:g} s; {self._reason(log)}")

    def _reason(self, log: TextIO) -> str:
        """The agent's last line, without the parts that speak of a configuration nobody wrote."""
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
        reason = (lines or [""])[-1].removeprefix("pktvisord: ")
        return reason.rpartition(_INPUT)[2].replace(self._file, self._given)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_hosts(host_spec: str) -> None:
    from pktvisor.batches import Hosts

    try:
        Hosts.parse(host_spec)
    except ValueError as error:
        raise ValueError(f"--host-spec: {str(error).removeprefix('host spec: ')}") from None
