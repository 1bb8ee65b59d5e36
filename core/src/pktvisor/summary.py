"""Summarize a capture file in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pktvisor import geo
from pktvisor.batches import Hosts
from pktvisor.engine import Engine, PolicySettings
from pktvisor.engine.settings import HandlerChoice
from pktvisor.plugins import Plugins
from pktvisor.snapshot import Snapshot
from pktvisor.streams import InputSpec, InputStream

__all__ = ["summarize"]


def summarize(
    path: str | os.PathLike[str],
    handlers: Iterable[HandlerChoice] | None = None,
    host_spec: str = "",
    *,
    input_type: str | None = None,
    options: Mapping[str, Any] | None = None,
    settings: PolicySettings | None = None,
    geo_city: str | os.PathLike[str] | None = None,
    geo_asn: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    watch: Callable[[InputStream], None] | None = None,
) -> Snapshot:
    """Read a capture file through handlers and return the result.

    `handlers` defaults to all that are installed and read what the input emits; `host_spec` lists
    the prefixes of the monitored hosts, and without it every packet's direction is unknown.
    `settings` default to one period for the whole file. `options` are further config keys of the
    input; `watch` is called after each batch. Raises ValueError, LookupError or OSError with one
    line that says what was wrong; a file that breaks half way is in `Snapshot.problem` instead.
    """
    plugins = Plugins() if plugins is None else plugins
    spec = _file_input(plugins, input_type)
    hosts = Hosts.parse(host_spec)
    city = None if geo_city is None else geo.GeoDatabase.open(geo_city, "city")
    asn = None if geo_asn is None else geo.GeoDatabase.open(geo_asn, "asn")
    if handlers is None:
        handlers = plugins.handlers_for(spec.emits)
    with Engine(plugins, city=city, asn=asn) as engine:
        config = {spec.file_key: os.fspath(path), **(options or {})}
        stream = engine.add_tap("file", spec, config, hosts=hosts)
        engine.add_policy("default", "file", handlers, settings or PolicySettings(periods=1))
        while engine.step("file"):
            if watch is not None:
                watch(stream)
        return engine.snapshot("default")


def _file_input(plugins: Plugins, name: str | None) -> InputSpec:
    """The named input, else the first installed one that reads files."""
    readers = [spec for spec in plugins.inputs.values() if spec.file_key]
    if name is not None:
        spec = plugins.input(name)
        if not spec.file_key:
            raise ValueError(
                f"input {name!r} reads no files; those that do: "
                + (", ".join(reader.name for reader in readers) or "none")
            )
        return spec
    if not readers:
        raise LookupError("no installed input reads files")
    return min(readers, key=lambda spec: (spec.preference, spec.name))
