"""HTTPS with a certificate made here."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.daemons import Starter, free_port
from tests.e2e.test_daemon import refused


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pktvisor test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


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
    line = refused("-p", str(free_port()), "--full-api", "--tls", *files)
    assert says.format(folder=folder) in line
