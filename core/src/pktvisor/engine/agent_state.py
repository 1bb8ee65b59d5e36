"""What an agent is configured to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pktvisor.engine.settings import PolicyPlan, SinkPlan
from pktvisor.policies.document import Document
from pktvisor.policies.errors import AlreadyExists, Path, shown
from pktvisor.policies.models import Tap

__all__ = ["State", "check_new", "exists", "log_changes"]

_log = logging.getLogger("pktvisor.engine.agent")


@dataclass(frozen=True)
class State:
    """Everything that is configured. A change makes a new one and puts it in place at its end.

    `filed` are the taps and policies that came from a configuration file, as (kind, name); sinks
    all did.
    """

    taps: Mapping[str, Tap] = field(default_factory=dict)
    plans: Mapping[str, PolicyPlan] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    filed: frozenset[tuple[str, str]] = frozenset()
    sinks: Mapping[str, SinkPlan] = field(default_factory=dict)

    def made_by_request(self) -> State:
        """The same without what came from a file; companions stay for as long as their stream."""
        taps = {n: t for n, t in self.taps.items() if ("tap", n) not in self.filed}
        plans = {n: p for n, p in self.plans.items() if ("policy", n) not in self.filed}
        return State(taps, plans)


def check_new(base: State, read: Document) -> None:
    """Refuse a tap, policy or sink whose name `base` has already."""
    for section, kind, there, wanted in (
        ("taps", "tap", base.taps, read.taps),
        ("policies", "policy", base.plans, read.policies),
        ("sinks", "sink", base.sinks, read.sinks),
    ):
        for name in wanted:
            if name in there:
                made = "" if (kind, name) in base.filed else ", made by request"
                raise exists(kind, name, ("visor", section, name), made)


def exists(kind: str, name: str, path: Path, made: str = "") -> AlreadyExists:
    """The error for a name that is taken; `made` says how what has it was made."""
    return AlreadyExists(f"{kind} {shown(name)} exists already{made}", path)


def log_changes(before: State, after: State) -> None:
    """One line for each tap, policy and sink that came, went or is another one now."""
    kinds: tuple[tuple[str, str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("tap", "added", before.taps, after.taps),
        ("policy", "runs", before.plans, after.plans),
        ("sink", "runs", before.sinks, after.sinks),
    )
    for kind, begins, old, new in kinds:
        for name in old:
            if name not in new:
                _log.info("%s %s removed", kind, name)
        for name, found in new.items():
            if name not in old:
                _log.info("%s %s %s", kind, name, begins)
            elif old[name] != found:
                _log.info("%s %s changed", kind, name)
