"""Check everything an installed plugin offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pktvisor import InputSpec, Plugins, SinkSpec
from pktvisor.batches import PacketBatch
from pktvisor.plugins import PluginRecord, Spec
from pktvisor_sdk.captures import Frame
from pktvisor_sdk.contracts import Verdict, check_handler, check_input, check_sink
from pktvisor_sdk.surface import private_imports

__all__ = ["verdicts"]


def verdicts(
    package: str, config: Mapping[str, Any], frames: Sequence[Frame] | None = None
) -> list[Verdict]:
    """How each promise is kept by each input, handler and sink of a plugin.

    `package` is its distribution or the name of its entry point; handlers are checked with these
    frames, or ordinary ones. Raises LookupError when there is no such plugin, ValueError when it is
    installed but disabled or offers nothing to check.
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
        specs = plugins.specs(record)
        for spec in specs:
            if isinstance(spec, InputSpec):
                found += check_input(spec, config)
            elif isinstance(spec, SinkSpec):
                found += check_sink(spec, config)
            elif PacketBatch in spec.accepts:
                found += check_handler(spec, config, frames)
        found.append(_imports(record, specs))
    if len(found) == len(records):
        raise ValueError(f"plugin {package!r} offers nothing these contracts apply to")
    return found


def _imports(record: PluginRecord, specs: Sequence[Spec]) -> Verdict:
    private = {name for file in _sources(specs) for name in private_imports(file.read_text())}
    fault = ", ".join(sorted(private))
    return Verdict(
        f"plugin {record.name}",
        "It imports nothing of pktvisor that is not public",
        f"imported are {fault}; what may be imported is listed under public surface" * bool(fault),
    )


def _sources(specs: Sequence[Spec]) -> set[Path]:
    """All modules of the packages that factories are in."""
    found: set[Path] = set()
    for spec in specs:
        factory = spec.factory
        module = factory if isinstance(factory, str) else factory.__module__
        package = find_spec(module.partition(":")[0].partition(".")[0])
        if package is None:
            continue
        for folder in package.submodule_search_locations or ():
            found |= set(Path(folder).rglob("*.py"))
        if not package.submodule_search_locations and package.origin:
            found.add(Path(package.origin))
    return found
