"""The compiled loops. One that is not compiled is refused: interpreted, it would be 100 times slower."""

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

__all__ = ["COMPILED"]

_HERE = Path(__file__).parent
_SOURCES = sorted(path.stem for path in _HERE.glob("*.py") if path.stem != "__init__")

COMPILED = tuple(
    name
    for name in _SOURCES
    if any((_HERE / (name + suffix)).exists() for suffix in EXTENSION_SUFFIXES)
)
"""Names of the kernels, all of them extension modules."""

if len(COMPILED) < len(_SOURCES):
    raise ImportError(
        f"kernels are not compiled: {', '.join(sorted(set(_SOURCES) - set(COMPILED)))};"
        " run `make build` in a checkout, or `pip install` the distribution"
    )
