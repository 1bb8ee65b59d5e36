"""Rows of what is expected of a handler over a capture, and how to check them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pktvisor.engine.settings import build_config
from pktvisor.plugins import Plugins

from .captured import look_up, run

__all__ = ["Row", "check", "check_refused", "tally"]


@dataclass(frozen=True)
class Row:
    """One run and the values expected at paths of its JSON: None for nothing, `...` for anything.

    `deviates` names what we decided otherwise, if anything: its paths are in `expected` as ours.
    """

    name: str
    capture: str
    config: Mapping[str, Any] = field(default_factory=dict)
    hosts: str = ""
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    geo: bool = False
    top_n_count: int = 10
    expected: Mapping[str, Any] = field(default_factory=dict)
    deviates: str = ""


def check(row: Row, handler: str, version: str) -> None:
    """Run a row and compare; cardinalities agree within 3 %."""
    bucket = run(
        row.capture,
        handler,
        version,
        row.config,
        enable=row.enable,
        disable=row.disable,
        host_spec=row.hosts,
        geo=row.geo,
        top_n_count=row.top_n_count,
    )
    found = {path: look_up(bucket, path) for path in row.expected}
    wrong = {
        path: (found[path], expected)
        for path, expected in row.expected.items()
        if not _as_expected(path, found[path], expected)
    }
    assert not wrong


def _as_expected(path: str, found: Any, expected: Any) -> bool:
    if expected is ...:
        return found is not None
    if "cardinality" in path and expected is not None and found is not None:
        return abs(found - expected) <= 0.03 * expected
    return bool(found == expected)


def check_refused(handler: str, version: str, config: Mapping[str, Any], message: str) -> None:
    """The configuration is refused with a message that matches."""
    spec = Plugins().handler(handler, version)
    with pytest.raises(ValueError, match=message):
        build_config(f"handler {handler!r}", spec.config, config)


def tally(
    name: str, rows: Sequence[Row], *, refused: int, not_applicable: Mapping[str, str]
) -> None:
    """Print how many rows there are and which deviate or do not apply."""
    deviating = [row for row in rows if row.deviates]
    print(f"\n{name}: {len(rows) + refused - len(deviating)} rows as the original,", end=" ")
    print(f"{len(deviating)} deviating, {len(not_applicable)} not applicable")
    for row in deviating:
        print(f"  deviates: {row.name}: {row.deviates}")
    for what, why in not_applicable.items():
        print(f"  not applicable: {what}: {why}")
