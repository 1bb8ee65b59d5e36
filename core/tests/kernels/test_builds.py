"""Kernels are compiled, from the sources that lie beside them."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path

import pytest

import pktvisor._kernels as package
from pktvisor.kernels import describe_kernels
from pktvisor_sdk.kernels import interpreted_twin, kernel_source

KERNELS = sorted(
    path.stem for path in Path(package.__file__).parent.glob("*.py") if path.stem != "__init__"
)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_an_extension_module_not_older_than_its_source(name: str) -> None:
    kernel = importlib.import_module(f"pktvisor._kernels.{name}")
    assert isinstance(kernel.__spec__.loader, ExtensionFileLoader)
    source = kernel_source(kernel)
    declarations = [path for path in (source, source.with_suffix(".pxd")) if path.exists()]
    built = Path(kernel.__file__).stat().st_mtime
    assert built >= max(path.stat().st_mtime for path in declarations), "run `make build`"


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_has_an_interpreted_twin_with_the_same_functions(name: str) -> None:
    kernel = importlib.import_module(f"pktvisor._kernels.{name}")
    twin = interpreted_twin(kernel)
    assert twin.__file__ != kernel.__file__
    public = {key for key in vars(kernel) if key[0] not in "_ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    assert public <= set(vars(twin))


def test_an_uncompiled_kernel_is_refused_with_the_way_to_compile_it(tmp_path: Path) -> None:
    """A copy of the sources without the extension modules must not run interpreted."""
    source = Path(package.__file__).parents[1]
    binaries = shutil.ignore_patterns(*(f"*{suffix}" for suffix in EXTENSION_SUFFIXES))
    shutil.copytree(source, tmp_path / "pktvisor", ignore=binaries)
    done = subprocess.run(
        [sys.executable, "-c", "import pktvisor.batches"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("ImportError: kernels are not compiled: ")
    assert "make build" in last


def test_the_description_of_the_kernels_counts_them() -> None:
    assert describe_kernels().startswith(f"{len(KERNELS)} kernels compiled by Cython ")
