"""The tap and the policy `default` that `pktvisord IFACE` stands for."""

from __future__ import annotations

import json
from dataclasses import replace

from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document, parse_document
from pktvisor.policies.errors import ConfigError
from pktvisor.policies.values import DEFAULT_POLICY

__all__ = ["with_default_policy"]

INPUT = "pcap"

# Handler types in the order of the original, under the names it gives them.
HANDLERS = (("net", "net"), ("dhcp", "dhcp"), ("dns", "dns"), ("pcap_stats", "pcap"))


def with_default_policy(read: Document, iface: str, bpf: str, plugins: Plugins) -> Document:
    """A configuration with tap and policy for an interface added.

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
    for section, there in (("taps", read.taps), ("policies", read.policies)):
        if DEFAULT_POLICY in there:
            raise ConfigError(
                f"{DEFAULT_POLICY!r} is what IFACE on the command line makes; leave out one of them",
                ("visor", section, DEFAULT_POLICY),
            )
    visor = {"taps": {DEFAULT_POLICY: tap}, "policies": {DEFAULT_POLICY: policy}}
    added = parse_document(json.dumps({"visor": visor}))
    return replace(
        read,
        taps={**read.taps, **added.taps},
        policies={**read.policies, **added.policies},
    )
