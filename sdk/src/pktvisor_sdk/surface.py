"""What plugins may build on: the public names of pktvisor and of this kit, and who uses others."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

__all__ = ["KIT_MODULES", "PUBLIC_MODULES", "PublicName", "private_imports", "public_names"]

PUBLIC_MODULES = (
    "pktvisor",
    "pktvisor.batches",
    "pktvisor.captures",
    "pktvisor.exposition.json",
    "pktvisor.exposition.prometheus",
    "pktvisor.exposition.tables",
    "pktvisor.geo",
    "pktvisor.kernels",
    "pktvisor.metrics",
    "pktvisor.plugin_options",
    "pktvisor.plugins",
    "pktvisor.policies.document",
    "pktvisor.policies.errors",
    "pktvisor.policy_summary",
    "pktvisor.snapshot",
    "pktvisor.stages",
    "pktvisor.streams",
)
"""Modules of pktvisor whose `__all__` plugins may import."""

KIT_MODULES = (
    "pktvisor_sdk.captures",
    "pktvisor_sdk.contracts",
    "pktvisor_sdk.dns",
    "pktvisor_sdk.feeding",
    "pktvisor_sdk.frames",
    "pktvisor_sdk.live",
    "pktvisor_sdk.strategies",
    "pktvisor_sdk.streams",
    "pktvisor_sdk.surface",
    "pktvisor_sdk.traffic",
    "pktvisor_sdk.tunnels",
)
"""Modules of this kit whose `__all__` tests of plugins may import."""


class PublicName:
    """A public name: its kind, what it takes or what members it has, and what it is for."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        self.value = getattr(import_module(module), name)

    @property
    def kind(self) -> str:
        """`class`, `function` or `value`."""
        if inspect.isclass(self.value):
            return "class"
        return "function" if inspect.isroutine(self.value) else "value"

    @property
    def takes(self) -> str:
        """The parameters of a function, in order; `*` before those that go by name only."""
        if self.kind != "function":
            return ""
        return ", ".join(_parameters(self.value))

    @property
    def members(self) -> list[str]:
        """The public methods and attributes a class defines itself, or inherits from one of ours."""
        if self.kind != "class":
            return []
        found = set()
        for ancestor in self.value.__mro__:
            if ancestor.__module__.partition(".")[0] in ("pktvisor", "pktvisor_sdk"):
                found |= {*vars(ancestor), *vars(ancestor).get("__annotations__", {})}
        return sorted(name for name in found if not name.startswith("_"))

    @property
    def says(self) -> str:
        """The first sentence of its docstring; nothing for a value."""
        if self.kind == "value":
            return ""
        text = " ".join((inspect.getdoc(self.value) or "").partition("\n\n")[0].split())
        return text.partition(". ")[0].removesuffix(".")


def public_names(module: str) -> list[PublicName]:
    """Every public name of a module."""
    return [PublicName(module, name) for name in sorted(import_module(module).__all__)]


def private_imports(source: str) -> Iterator[str]:
    """What a module imports of pktvisor or this kit that is not public, as `module.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _ours(alias.name) and alias.name not in (*PUBLIC_MODULES, *KIT_MODULES):
                    yield alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and _ours(node.module):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in PUBLIC_MODULES or whole in KIT_MODULES:
                    continue
                if not _is_public(node.module, alias.name):
                    yield whole


def _ours(module: str) -> bool:
    return module.partition(".")[0] in ("pktvisor", "pktvisor_sdk")


def _is_public(module: str, name: str) -> bool:
    known = module in PUBLIC_MODULES or module in KIT_MODULES
    return known and name in import_module(module).__all__


def _parameters(function: Any) -> Iterator[str]:
    named_only = False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            named_only = True
            yield f"*{name}"
        elif parameter.kind is parameter.VAR_KEYWORD:
            yield f"**{name}"
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and not named_only:
                named_only = True
                yield "*"
            yield name
