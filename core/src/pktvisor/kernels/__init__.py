"""Kernels a plugin may call, behind drivers that keep their state and check their arguments."""

from pktvisor.kernels.bpf import BpfProgram
from pktvisor.kernels.build import describe_kernels
from pktvisor.kernels.packet_tally import IN, OUT, UNKNOWN, PacketTally, Tallier
from pktvisor.kernels.pairs import PairMatcher, Pairs
from pktvisor.kernels.qnames import QnameCuts, cut_qnames
from pktvisor.kernels.suffixes import SuffixRules

__all__ = [
    "IN",
    "OUT",
    "UNKNOWN",
    "BpfProgram",
    "PacketTally",
    "PairMatcher",
    "Pairs",
    "QnameCuts",
    "SuffixRules",
    "Tallier",
    "cut_qnames",
    "describe_kernels",
]
