"""Run a fuzz target with atheris, and keep what it finds beside the regressions."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FunctionType

__all__ = ["REGRESSIONS", "fuzz"]

REGRESSIONS = Path(__file__).parent / "regressions"


def fuzz(name: str, check: Callable[[bytes], None], seeds: Iterable[bytes]) -> None:
    """Feed `check` inputs until time is up (`-max_total_time=SECONDS`); findings become files.

    Everything of pktvisor that is Python guides the search; compiled kernels are run, not traced.
    """
    import atheris

    with tempfile.TemporaryDirectory() as corpus:
        known = [path.read_bytes() for path in (REGRESSIONS / name).glob("*")]
        for place, seed in enumerate([*seeds, *known]):
            (Path(corpus) / f"{place:04}").write_bytes(seed)
        (REGRESSIONS / name).mkdir(parents=True, exist_ok=True)
        found = f"-artifact_prefix={REGRESSIONS / name}{os.sep}"
        for function in _functions():
            atheris.instrument_func(function)
        atheris.Setup([sys.argv[0], found, *sys.argv[1:], corpus], check)
        atheris.Fuzz()


def _functions() -> Iterator[FunctionType]:
    """Every Python function of pktvisor that is imported by now."""
    modules = [module for name, module in sys.modules.items() if name.startswith("pktvisor.")]
    for module in modules:
        for found in list(vars(module).values()):
            members = list(vars(found).values()) if isinstance(found, type) else [found]
            for member in members:
                if isinstance(member, FunctionType) and member.__module__ == module.__name__:
                    yield member
