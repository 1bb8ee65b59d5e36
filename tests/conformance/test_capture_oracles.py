"""Every capture at hand is survived, and what another program counted in it is counted alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from pktvisor import Plugins
from tests.conformance.one_process import summarize_alone
from tests.conformance.oracles import EVERY_HOST, Facts, Oracle, Pair, oracles
from tests.conformance.shared import needs_captures

pytestmark = [pytest.mark.slow, needs_captures]

ORACLES = list(oracles())
INPUTS = {name for name, _ in Plugins().inputs}

# Where we differ on purpose. A fragment is neither UDP nor TCP in `net`, the first one neither: so
# the original counts.
FRAGMENTS = "no fragment counts as UDP or TCP, as in the original"
_NO_PACKET = "the oracle counts blocks of pcapng that hold no packet as packets"
KNOWN = {
    "dns-collector__pcap__dnsdump_udp_truncated+tcp_fragmented.pcap": (
        "a message of more than 100 records is not read beyond its header, as in the original"
    ),
    "pcapng-gen__output_be__advanced__test102.pcapng": _NO_PACKET,
    "pcapng-gen__output_be__difficult__test202.pcapng": _NO_PACKET,
    "pcapng-gen__output_le__difficult__test202.pcapng": _NO_PACKET,
    "pcapplusplus-fuzz__regression_samples__"
    "clusterfuzz-testcase-minimized-FuzzTarget-6604968558198784": (
        "the record header is not a legal one; the oracle guesses another layout"
    ),
    "pcapplusplus__Tests__Pcap++Test__PcapExamples__DnsPackets.pcap": (
        "multicast queries and replies of one host pair, as in the original"
    ),
    "pcapplusplus__Tests__Packet++Test__PacketExamples__dns_over_tcp.pcapng": (
        "a retransmission 70 days later: the idle connection was let go, so the message is a new one"
    ),
    "tcpdump__LINKTYPE_USER2_PKTAP.pcap": "a link type free for every user to give a meaning",
    "tcpdump__dns-badvers.pcap": (
        "BADVERS, which the oracle reads from the header alone, without the bits in the OPT record"
    ),
}


class Score:
    """Counts captures by tier and outcome, and prints them."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.lines: list[str] = []

    def add(self, oracle: Oracle, misses: list[Pair], reason: str) -> None:
        outcome = "equal" if not misses else "explained" if reason else "MISSED"
        self.outcomes[oracle.tier, outcome] += 1
        if misses:
            figures = ", ".join(f"{figure} {theirs} / {ours}" for figure, theirs, ours in misses)
            self.lines.append(f"{outcome} {oracle.name}: {reason}\n    oracle / ours: {figures}")

    def show(self) -> None:
        print(f"\n\n{'tier':6}{'captures':>10}{'equal':>8}{'explained':>11}{'missed':>8}")
        for tier in "ABC":
            counts = [self.outcomes[tier, name] for name in ("equal", "explained", "MISSED")]
            print(f"{tier:6}{sum(counts):10}{counts[0]:8}{counts[1]:11}{counts[2]:8}")
        print(*self.lines, sep="\n")


@pytest.fixture(scope="module")
def score() -> Iterator[Score]:
    result = Score()
    yield result
    result.show()


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_a_capture_is_survived_and_counted_like_the_oracle(oracle: Oracle, score: Score) -> None:
    if oracle.input_type not in INPUTS:
        pytest.skip(f"no input {oracle.input_type} is installed")
    options = ["-H", EVERY_HOST] if oracle.input_type == "pcap" else []
    ending = summarize_alone("--periods", "1", "-i", oracle.input_type, *options, oracle.file)
    assert ending.complaints() == []
    misses: list[Pair] = []
    if ending.out:
        summary = json.loads(ending.out)["1m"]
        if oracle.tier == "C":
            misses = _no_more_than(oracle, summary["packets"]["total"])
        else:
            misses = oracle.differences(summary, _facts(oracle))
    elif oracle.groups:
        misses = [("summary", "some", ending.reason)]
    reason = KNOWN.get(oracle.name, "")
    if "ip_fragments" in oracle.counts.get("caveats", ()) and {m[0] for m in misses} <= {
        "udp",
        "tcp",
        "syn",
    }:
        reason = FRAGMENTS
    score.add(oracle, misses, reason)
    assert not misses or reason, misses


def _facts(oracle: Oracle) -> Facts:
    return Facts.of(oracle.file) if oracle.input_type == "pcap" else Facts(0, 0, Counter())


def _no_more_than(oracle: Oracle, total: int) -> list[Pair]:
    """Of a capture the oracle could not read to its end, not more packets than it found."""
    return [("packets", oracle.packets, total)] if total > oracle.packets else []
