"""Summarize a capture file as the policies of a configuration say."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pktvisor import geo
from pktvisor.engine import Engine, PolicySettings
from pktvisor.engine.planning import Planner
from pktvisor.engine.settings import StreamPlan
from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document
from pktvisor.policies.errors import ConfigError, shown
from pktvisor.policies.models import Tap
from pktvisor.snapshot import Snapshot
from pktvisor.streams import InputStream

__all__ = ["summarize_policies"]


def summarize_policies(
    document: Document,
    path: str | os.PathLike[str],
    *,
    defaults: PolicySettings | None = None,
    geo_city: str | os.PathLike[str] | None = None,
    geo_asn: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    watch: Callable[[InputStream], None] | None = None,
) -> list[Snapshot]:
    """Run every policy of a document over one capture file, whatever its taps are attached to.

    A tap keeps its settings, such as the host spec; only where its packets come from is replaced
    by the file. The file is read once for each distinct input configuration. Raises ConfigError
    for what is wrong with the document or the file; a file that breaks half way is in
    `Snapshot.problem`.
    """
    plugins = Plugins() if plugins is None else plugins
    if not document.policies:
        raise ConfigError("no policies are there; needed is at least one", ("visor", "policies"))
    taps = {
        name: _over_file(name, tap, os.fspath(path), plugins) for name, tap in document.taps.items()
    }
    planner = Planner(plugins, taps, defaults or PolicySettings(), document.global_handler_config)
    plans, _ = planner.document(document)
    streams: dict[str, StreamPlan] = {s.name: s for plan in plans for s in plan.streams}
    if os.fspath(path) == "-" and len(streams) > 1:
        raise ConfigError(
            f"standard input can be read once, but the policies need it {len(streams)} times;"
            " name a file, or give all policies the same input settings"
        )
    city = None if geo_city is None else geo.GeoDatabase.open(geo_city, "city")
    asn = None if geo_asn is None else geo.GeoDatabase.open(geo_asn, "asn")
    with Engine(plugins, city=city, asn=asn) as engine:
        opened = {n: engine.open_stream(n, s.spec, s.config) for n, s in streams.items()}
        for plan in plans:
            engine.install(plan)
        for name, stream in opened.items():
            while engine.step(name):
                if watch is not None:
                    watch(stream)
        return [engine.snapshot(plan.name) for plan in plans]


def _over_file(name: str, tap: Tap, path: str, plugins: Plugins) -> Tap:
    """The tap with its packets from a file."""
    try:
        spec = plugins.input(tap.input_type)
    except LookupError as error:
        place = ("visor", "taps", name, "input_type")
        raise ConfigError(str(error.args[0]), place) from None
    if not spec.file_key:
        raise ConfigError(
            f"input {shown(tap.input_type)} reads no files", ("visor", "taps", name, "input_type")
        )
    config: dict[str, Any] = {**tap.config, spec.file_key: path}
    return tap.model_copy(update={"config": config})
