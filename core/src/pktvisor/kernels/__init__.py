"""Kernels a plugin may call, behind drivers that keep their state and check their arguments."""

from pktvisor.kernels.bpf import BpfProgram
from pktvisor.kernels.build import describe_kernels
from pktvisor.kernels.pairs import PairMatcher, Pairs
from pktvisor.kernels.qnames import QnameCuts, cut_qnames
from pktvisor.kernels.suffixes import SuffixRules

__all__ = [
    "BpfProgram",
    "PairMatcher",
    "Pairs",
    "QnameCuts",
    "SuffixRules",
    "cut_qnames",
    "describe_kernels",
]
