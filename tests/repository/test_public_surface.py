"""What plugins may import is listed on one page, and first-party plugins import nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pktvisor_sdk.surface import KIT_MODULES, PUBLIC_MODULES, private_imports, public_names

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/plugins/public-surface.md"
PLUGINS = sorted(
    path
    for folder in ("plugins/*/src", "docs/examples/*/src", "docs/examples/*/tests")
    for path in ROOT.glob(f"{folder}/**/*.py")
)


def listed() -> dict[str, dict[str, str]]:
    """By module and name what the page says a public name is."""
    found: dict[str, dict[str, str]] = {}
    for section in PAGE.read_text().split("\n### ")[1:]:
        module = section.split("`")[1]
        found[module] = dict(re.findall(r"^\| `(\S+)` \| (.*?) \|", section, re.MULTILINE))
    return found


def test_every_public_module_is_on_the_page() -> None:
    assert list(listed()) == [*PUBLIC_MODULES, *KIT_MODULES]


@pytest.mark.parametrize("module", [*PUBLIC_MODULES, *KIT_MODULES])
def test_a_public_name_that_comes_or_goes_is_one_the_page_is_changed_for(module: str) -> None:
    """Run `make docs`, look at what changed, and say it in the changelog."""
    assert sorted(listed()[module]) == sorted(name.name for name in public_names(module))


@pytest.mark.parametrize("module", [*PUBLIC_MODULES, *KIT_MODULES])
def test_parameters_and_members_are_those_on_the_page(module: str) -> None:
    for name in public_names(module):
        said = listed()[module][name.name]
        if name.kind == "function":
            assert said == f"function `({name.takes})`"
        elif name.kind == "class":
            assert re.findall(r"`(\w+)`", said) == name.members


@pytest.mark.parametrize("module", [*PUBLIC_MODULES, *KIT_MODULES])
def test_every_public_class_and_function_says_what_it_is_for(module: str) -> None:
    assert [n.name for n in public_names(module) if n.kind != "value" and not n.says] == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_plugin_imports_nothing_that_is_not_public(path: Path) -> None:
    assert list(private_imports(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "private"),
    [
        ("from pktvisor.engine.guard import Guard", ["pktvisor.engine.guard.Guard"]),
        ("from pktvisor.metrics.top_n import TopN", ["pktvisor.metrics.top_n.TopN"]),
        ("from pktvisor.metrics import _hidden", ["pktvisor.metrics._hidden"]),
        ("import pktvisor.windows", ["pktvisor.windows"]),
        ("def f():\n    from pktvisor import engine", ["pktvisor.engine"]),
        ("from pktvisor.metrics import TopN\nfrom pktvisor import hookimpl, geo", []),
        ("import pktvisor.geo, numpy", []),
    ],
)
def test_what_is_not_public_is_found_wherever_it_is_imported(
    source: str, private: list[str]
) -> None:
    assert list(private_imports(source)) == private
