"""Columnar batches: the only form in which traffic moves through the agent."""

from pktvisor.batches.columns import Array, Column
from pktvisor.batches.decoding import Records, decode
from pktvisor.batches.hosts import Hosts
from pktvisor.batches.packet import Packet
from pktvisor.batches.packets import PacketBatch, StageTable
from pktvisor.batches.table import Table

__all__ = [
    "Array",
    "Column",
    "Hosts",
    "Packet",
    "PacketBatch",
    "Records",
    "StageTable",
    "Table",
    "decode",
]
