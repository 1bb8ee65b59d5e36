"""Check everything an installed plugin offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pktvisor.batches import PacketBatch
from pktvisor.plugins import Plugins
from pktvisor_sdk.contracts import Verdict, check_handler, check_input

__all__ = ["verdicts"]


def verdicts(package: str, config: Mapping[str, Any]) -> list[Verdict]:
    """How each promise is kept by each input and handler of a plugin.

    `package` is its distribution or the name of its entry point. Raises LookupError when there is
    no such plugin, ValueError when it is installed but disabled or offers nothing to check.
    """
    plugins = Plugins()
    wanted = package.replace("_", "-").lower()
    records = [r for r in plugins.records if package == r.name or wanted == r.distribution]
    if not records:
        known = ", ".join(sorted({record.distribution for record in plugins.records})) or "none"
        raise LookupError(f"no plugin {package!r} is installed; there are: {known}")
    found: list[Verdict] = []
    for record in records:
        if record.state != "active":
            raise ValueError(str(record))
        for provided in record.provides:
            kind, name, version = provided.split()
            if kind == "input":
                found += check_input(plugins.input(name, version), config)
            elif PacketBatch in plugins.handler(name, version).accepts:
                found += check_handler(plugins.handler(name, version), config)
    if not found:
        raise ValueError(f"plugin {package!r} offers nothing these contracts apply to")
    return found
