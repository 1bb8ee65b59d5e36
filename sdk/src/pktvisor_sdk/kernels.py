"""Run a compiled kernel beside its interpreted twin: the same file, executed by Python.

The twin has no C types and no fixed widths, so a kernel that wraps, truncates or swallows an error
where its source does not is found out by comparing what both wrote.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["BothWays", "both_ways", "interpreted_twin", "kernel_source"]


def kernel_source(kernel: ModuleType) -> Path:
    """The `.py` file a compiled kernel was made from, which lies beside the extension module."""
    assert kernel.__file__ is not None
    folder = Path(kernel.__file__).parent
    return folder / f"{kernel.__name__.rpartition('.')[2]}.py"


def interpreted_twin(kernel: ModuleType) -> ModuleType:
    """A compiled kernel's source as a Python module of its own; needs Cython to be installed.

    Call its functions with `memoryview(array)`: bare numpy arrays compute in fixed widths and give
    other results without a word.
    """
    source = kernel_source(kernel)
    spec = importlib.util.spec_from_file_location(f"interpreted_{source.stem}", source)
    assert spec is not None
    assert spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(twin)
    return twin


class BothWays:
    """Stands in for a kernel module: every call runs compiled and interpreted and compares.

    Arrays the compiled call wrote are the caller's, as ever; an AssertionError names the function
    and the argument in which the twin's copy came out differently.
    """

    def __init__(self, kernel: ModuleType) -> None:
        self._kernel = kernel
        self._twin = interpreted_twin(kernel)
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        compiled, interpreted = getattr(self._kernel, name), getattr(self._twin, name)

        def call(*arguments: Any) -> Any:
            self.calls += 1
            copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
            views = [a.data if isinstance(a, np.ndarray) else a for a in copies]
            expected = interpreted(*views)
            result = compiled(*arguments)
            assert result == expected, f"{name} returned {result}, its twin {expected}"
            for place, (ours, twins) in enumerate(zip(arguments, copies, strict=True)):
                if isinstance(ours, np.ndarray):
                    same = np.array_equal(ours, twins)
                    assert same, f"{name}: argument {place} differs from its twin's"
            return result

        return call


@contextmanager
def both_ways(driver: ModuleType, name: str = "kernel") -> Iterator[BothWays]:
    """Let a driver module's kernel, its global `name`, run both ways for a while."""
    kernel = getattr(driver, name)
    checked = BothWays(kernel)
    setattr(driver, name, checked)
    try:
        yield checked
    finally:
        setattr(driver, name, kernel)
