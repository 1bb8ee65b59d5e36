from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.generate import generate
from tests.e2e.certificates import make_certificate
from tests.e2e.daemons import Starter, daemons
from tests.e2e.lab import Lab, lab


@pytest.fixture(name="lab")
def made_lab() -> Iterator[Lab]:
    with lab() as made:
        yield made


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with daemons(tmp_path) as starter:
        yield starter


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred thousand packets of every kind."""
    path = tmp_path_factory.mktemp("traffic") / "mixed.pcap"
    generate(path, 100_000)
    return path


@pytest.fixture(params=["libpcap", "af_packet"])
def source(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
