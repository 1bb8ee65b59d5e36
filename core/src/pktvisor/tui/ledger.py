"""Where packets were lost on the way to a policy, as the agent's health tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pktvisor.tui.parts import Cell, Line

__all__ = ["Ledger", "drops_line", "ledger"]

_LOSSES = (
    ("kernel", "kernel_drops", 0),
    ("interface", "interface_drops", 0),
    ("queue", "queue_drops", 0),
    ("batches failed", "batches_failed", 1),
)
_ODD = (("malformed", "malformed"), ("truncated", "truncated"), ("unsupported", "unsupported"))
_WINDOW = (
    ("OS in window", "os_drops", 0),
    ("IF", "if_drops", 0),
    ("TCP errors", "tcp_reassembly_errors", 0),
)


@dataclass(frozen=True)
class Ledger:
    """Counts since the inputs of a policy were opened, and what is wrong with them now."""

    counts: Mapping[str, int]
    problem: str = ""


def ledger(health: Mapping[str, Any], policy: str) -> Ledger | None:
    """The sums over the inputs of a policy; None where the agent does not tell."""
    inputs = [
        status
        for status in dict(health.get("inputs") or {}).values()
        if any(handler.get("policy") == policy for handler in status.get("handlers", ()))
    ]
    if not inputs:
        return None
    names = [name for _, name, _ in _LOSSES] + [name for _, name in _ODD]
    counts = {name: sum(int(status.get(name) or 0) for status in inputs) for name in names}
    return Ledger(counts, " · ".join(filter(None, (_problem(s, policy) for s in inputs))))


def drops_line(found: Ledger | None, window: Mapping[str, float] | None) -> Line | None:
    """Every loss the agent tells of: since it began, and in the window where `pcap` counts them."""
    cells: list[Cell] = []
    if found is not None:
        for label, name, rank in _LOSSES:
            cells.append(_loss(label, found.counts[name], rank))
    if window is not None:
        cells += [_loss(label, window.get(name, 0), rank) for label, name, rank in _WINDOW]
    if found is not None:
        cells += [Cell(label, found.counts[name], rank=2) for label, name in _ODD]
    return Line("Drops", tuple(cells)) if cells else None


def _loss(label: str, count: float, rank: int) -> Cell:
    """A loss; one that happened never yields to a narrow screen."""
    return Cell(label, count, rank=0 if count else rank, alarm=count > 0)


def _problem(status: Mapping[str, Any], policy: str) -> str:
    """Why an input or a handler of the policy does not work, empty when it does."""
    tap = status.get("tap", "")
    if status.get("state") == "failed" or status.get("problem"):
        return f"input {tap} {status.get('state')}: {status.get('problem') or 'no reason given'}"
    for handler in status.get("handlers", ()):
        if handler.get("policy") == policy and handler.get("stopped"):
            reason = handler.get("last_error") or "no reason given"
            return f"handler {handler.get('name')} is stopped: {reason}"
    return ""
