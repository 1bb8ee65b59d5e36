"""HTTPS with a certificate made here."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from tests.e2e.daemons import Starter, free_port
from tests.e2e.test_daemon import refused


def test_with_a_certificate_the_api_speaks_https_and_nothing_else(
    start: Starter, made: tuple[Path, Path]
) -> None:
    certificate, key = map(str, made)
    daemon = start("--full-api", "--tls", "--tls-cert", certificate, "--tls-key", key)
    assert ", https, API" in daemon.log.read_text()
    trusted = ssl.create_default_context(cafile=certificate)
    url = f"https://127.0.0.1:{daemon.port}/health"
    assert httpx.get(url, verify=trusted).json()["alive"] is True
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url)
    with pytest.raises(httpx.TransportError):
        daemon.client.get("/health")


@pytest.mark.parametrize(
    ("cert", "key", "says"),
    [
        ("cert.pem", "none.pem", "TLS: there is no file {folder}/none.pem"),
        ("key.pem", "cert.pem", "TLS: {folder}/key.pem and {folder}/cert.pem do not work"),
    ],
)
def test_files_that_do_not_work_are_refused_by_name(
    made: tuple[Path, Path], cert: str, key: str, says: str
) -> None:
    folder = made[0].parent
    files = ("--tls-cert", str(folder / cert), "--tls-key", str(folder / key))
    line = refused("-p", str(free_port()), "--full-api", "--tls", *files, status=2)
    assert says.format(folder=folder) in line
