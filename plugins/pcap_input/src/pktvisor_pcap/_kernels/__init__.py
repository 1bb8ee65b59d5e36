"""The compiled loop of this distribution; interpreted, it would be 100 times slower and is refused."""

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

if not any((Path(__file__).parent / f"packet_ring{end}").exists() for end in EXTENSION_SUFFIXES):
    raise ImportError(
        "kernel packet_ring is not compiled; run `make build` in a checkout, or `pip install` the"
        " distribution"
    )
