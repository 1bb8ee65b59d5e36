"""What a service manager is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pktvisor.commands.service import notify


def test_readiness_arrives_at_the_socket_of_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        notify("READY=1", "STATUS=here")
        assert manager.recv(1000) == b"READY=1\nSTATUS=here"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket"])
def test_without_a_service_manager_nothing_happens(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")
