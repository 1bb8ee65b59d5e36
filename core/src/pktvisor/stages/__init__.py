"""Stateful decoding that belongs to a stream: run once a batch, before any filter or handler."""

from pktvisor.stages.dns_messages import DnsMessages, DnsMessagesStage
from pktvisor.stages.length_prefix import LengthPrefix
from pktvisor.stages.stage import Stage
from pktvisor.stages.tcp_streams import TcpStreams

__all__ = ["DnsMessages", "DnsMessagesStage", "LengthPrefix", "Stage", "TcpStreams"]

STAGES: dict[str, type[Stage]] = {"dns_messages": DnsMessagesStage}
