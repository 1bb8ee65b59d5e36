"""Stateful decoding that belongs to a stream: run once a batch, before any filter or handler."""

from collections.abc import Iterable

from pktvisor.stages.dns_messages import DnsMessages, DnsMessagesStage
from pktvisor.stages.ip_reassembly import Datagrams, IpReassembly
from pktvisor.stages.length_prefix import LengthPrefix
from pktvisor.stages.stage import Stage
from pktvisor.stages.tcp_streams import TcpStreams

__all__ = [
    "STAGES",
    "Datagrams",
    "DnsMessages",
    "DnsMessagesStage",
    "IpReassembly",
    "LengthPrefix",
    "Stage",
    "TcpStreams",
    "stages_for",
]

STAGES: dict[str, type[Stage]] = {
    "ip_reassembly": IpReassembly,
    "dns_messages": DnsMessagesStage,
}
"""Every stage by name; each one stands behind those it needs."""


def stages_for(names: Iterable[str]) -> list[str]:
    """The named stages and all that those need, in the order they run in.

    Raises LookupError for a name that is no stage.
    """
    wanted = set(names)
    for name in wanted - STAGES.keys():
        raise LookupError(f"no stage {name!r}; there are: {', '.join(STAGES)}")
    for name in reversed(STAGES):
        if name in wanted:
            wanted |= STAGES[name].needs
    return [name for name in STAGES if name in wanted]
