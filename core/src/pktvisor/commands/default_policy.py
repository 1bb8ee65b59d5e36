"""The tap and the policy `default` that `pktvisord IFACE` stands for."""

from __future__ import annotations

import json
from typing import Any

from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError
from pktvisor.policies.loading import load
from pktvisor.policies.values import DEFAULT_POLICY

__all__ = ["with_default_policy"]

INPUT = "pcap"

# Handler types in the order of the original, under the names it gives them.
HANDLERS = (("net", "net"), ("dhcp", "dhcp"), ("dns", "dns"), ("pcap_stats", "pcap"))


def with_default_policy(document: bytes | None, iface: str, bpf: str, plugins: Plugins) -> bytes:
    """A configuration document with tap and policy for an interface added.

    The policy holds those of the usual handlers that are installed. Raises ConfigError when the
    document has a tap or policy of that name, LookupError when something needed is not installed.
    """
    installed = [(name, kind) for name, kind in HANDLERS if (kind, "1.0") in plugins.handlers]
    if (INPUT, "1.0") not in plugins.inputs:
        raise LookupError(f"no input {INPUT!r} is installed; install pktvisor-pcap")
    if not installed:
        kinds = ", ".join(kind for _, kind in HANDLERS)
        raise LookupError(f"no handler of {kinds} is installed; install one, such as pktvisor-net")
    tap = {"input_type": INPUT, "config": {"iface": iface}}
    policy = {
        "kind": "collection",
        "input": {
            "tap": DEFAULT_POLICY,
            "input_type": INPUT,
            "config": {"bpf": bpf} if bpf else {},
        },
        "handlers": {"modules": {name: {"type": kind} for name, kind in installed}},
    }
    whole: Any = {"version": "1.0", "visor": {}} if document is None else load(document).value
    visor = whole.get("visor") if isinstance(whole, dict) else None
    if not isinstance(visor, dict):
        raise ConfigError("invalid schema: needed is a map with the key visor")
    for section, added in (("taps", tap), ("policies", policy)):
        there = visor.setdefault(section, {})
        if isinstance(there, dict) and DEFAULT_POLICY in there:
            raise ConfigError(
                f"{DEFAULT_POLICY!r} is what IFACE on the command line makes; leave out one of them",
                ("visor", section, DEFAULT_POLICY),
            )
        if isinstance(there, dict):
            there[DEFAULT_POLICY] = added
    return json.dumps(whole).encode()
