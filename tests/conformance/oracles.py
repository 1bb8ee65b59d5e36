"""Captures of other projects, each with counts that another program took of it.

The index says which groups of counters a correct reader must match: all of them, except where
packets are malformed, cut short, nested or fragmented, for there readers may differ.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from pktvisor.batches import Hosts, decode
from pktvisor.captures import open_capture
from tests.conformance.comparing import CARDINALITY_ERROR, EXACT_UP_TO, same_top
from tests.conformance.shared import CAPTURES

FOLDER = CAPTURES / "others"
# Every address is a monitored host: no transaction is of unknown direction.
EVERY_HOST = "0.0.0.0/0,::/0"
_ROOT = {"", "<Root>", "."}

Json = Mapping[str, Any]
Pair = tuple[str, Any, Any]


@dataclass(frozen=True)
class Facts:
    """What a capture holds that no metric shows."""

    captured_bytes: int
    wire_bytes: int
    sources: Counter[IPv4Address | IPv6Address]

    @classmethod
    def of(cls, capture: Path) -> Facts:
        """Read a capture packet by packet."""
        captured = wire = 0
        sources: Counter[IPv4Address | IPv6Address] = Counter()
        with open_capture(capture) as reader:
            for records in reader:
                captured += int(records.captured_length.sum())
                wire += int(records.wire_length.sum())
                batch = decode(records, Hosts())
                for version, hi, lo in zip(
                    batch.ip_version.tolist(),
                    batch.source_hi.tolist(),
                    batch.source_lo.tolist(),
                    strict=True,
                ):
                    if version:
                        sources[
                            IPv4Address(lo) if version == 4 else IPv6Address(hi << 64 | lo)
                        ] += 1
        return cls(captured, wire, sources)


@dataclass(frozen=True)
class Oracle:
    """One capture, the groups that must match, and the counts. `A` has no caveats, `C` is broken."""

    name: str
    groups: frozenset[str]
    input_type: str
    tier: str
    counts: Json

    @property
    def file(self) -> Path:
        """The capture."""
        return FOLDER / self.name

    @property
    def packets(self) -> int:
        """How many packets the other program read."""
        return int(self.counts["net"]["packets"]) if "net" in self.counts else 0

    def differences(self, summary: Json, facts: Facts) -> list[Pair]:
        """(figure, the oracle's, ours) of every figure asked for that is not the oracle's.

        `summary` has the schemas packets and dns.
        """
        pairs: list[Pair] = []
        if "net" in self.counts and "packets" in summary:
            net, packets = self.counts["net"], summary["packets"]
            if "count" in self.groups:
                pairs += _count(net, packets, facts)
            if "l3" in self.groups:
                pairs += _l3(net["outer"], packets, facts)
            if "l4" in self.groups:
                pairs += _l4(net["outer"], packets)
        if "dns" in summary:
            like = self.counts["dns"].get("pktvisor_like")
            dns = like if isinstance(like, Mapping) else self.counts["dns"]["main"]
            if "dns" in self.groups:
                pairs += _dns(dns, summary["dns"])
            if "xact" in self.groups:
                pairs += _transactions(dns, summary["dns"])
            if "latency" in self.groups:
                pairs += _latency(dns, summary["dns"])
        return [pair for pair in pairs if not _alike(*pair)]


def oracles() -> Iterator[Oracle]:
    """All captures of the index, in its order; none where the captures are not."""
    if not FOLDER.is_dir():
        return
    for line in (FOLDER / "INDEX.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 12 or not (FOLDER / "oracle" / f"{cells[0]}.json").exists():
            continue
        counts = json.loads((FOLDER / "oracle" / f"{cells[0]}.json").read_text())
        tier = "C" if counts["status"] != "ok" else "B" if counts.get("caveats") else "A"
        input_type = "dnstap" if "dnstap" in cells[3] else "pcap"
        groups = set(cells[8].split()) - {"-"}
        if counts.get("caveats") == ["ip_fragments"]:  # put together here as there
            groups.add("dns")
        yield Oracle(cells[0], frozenset(groups), input_type, tier, counts)


def _count(net: Json, packets: Json, facts: Facts) -> Iterator[Pair]:
    yield "packets", net["packets"], packets["total"]
    yield "captured bytes", net["captured_bytes"], facts.captured_bytes
    yield "wire bytes", net["wire_bytes"], facts.wire_bytes


def _l3(outer: Json, packets: Json, facts: Facts) -> Iterator[Pair]:
    yield "ipv4", outer["l3"].get("ipv4", 0), packets["ipv4"]
    yield "ipv6", outer["l3"].get("ipv6", 0), packets["ipv6"]
    yield "sources", outer["unique_src"], len(facts.sources)
    for address, packets_from in {**outer["top_src_ipv4"], **outer["top_src_ipv6"]}.items():
        yield f"packets from {address}", packets_from, facts.sources[ip_address(address)]


def _l4(outer: Json, packets: Json) -> Iterator[Pair]:
    l4 = outer["l4"]
    yield "udp", l4["udp"], packets["udp"]
    yield "tcp", l4["tcp"], packets["tcp"]
    yield "syn", outer["tcp_flags"].get("syn_any", 0), packets["protocol"]["tcp"]["syn"]


def _dns(theirs: Json, ours: Json) -> Iterator[Pair]:
    wire = ours["wire_packets"]
    yield "dns messages", theirs["total"], wire["total"]
    yield "dns replies", theirs["responses"], wire["replies"]
    for name in ("queries", "udp", "tcp", "ipv4", "ipv6", "nodata"):
        yield f"dns {name}", theirs[name], wire[name]
    for name in ("noerror", "nxdomain", "srvfail", "refused"):
        yield f"dns {name}", theirs["rcode"].get(name, 0), wire[name]
    if not theirs["undecodable_qname"]:
        named = theirs["unique_qnames"] - len(_ROOT & set(theirs["top_qname_all"]))
        yield "cardinality of names", named, ours["cardinality"]["qname"]
        qtypes = {{"ANY": "*"}.get(name, name): n for name, n in theirs["qtype_all"].items()}
        yield "top_qtype", qtypes, ours["top_qtype"]
    for name in ("nxdomain", "srvfail", "refused", "nodata"):
        yield f"top_{name}", theirs[f"top_{name}"], ours[f"top_{name}"]


def _transactions(theirs: Json, ours: Json) -> Iterator[Pair]:
    yield (
        "transactions",
        theirs["xact"]["last_query_wins"]["matched"],
        ours["xact"]["counts"]["total"],
    )


def _latency(theirs: Json, ours: Json) -> Iterator[Pair]:
    times = theirs["xact"]["last_query_wins"]
    xact = ours["xact"]
    found = (xact["in"] if xact["in"]["total"] else xact["out"]).get("quantiles_us", {})
    if times["matched"] <= EXACT_UP_TO:
        yield "p50 of times", times["p50_us"], found.get("p50")
        yield "p90 of times", times["p90_us"], found.get("p90")


def _alike(figure: str, theirs: Any, ours: Any) -> bool:
    if figure.startswith("cardinality"):
        return bool(abs(theirs - ours) <= CARDINALITY_ERROR * theirs)
    if figure.startswith("top_"):
        heaviest = sorted(theirs.items(), key=lambda item: -item[1])[: len(ours) or None]
        return same_top([{"name": n, "estimate": e} for n, e in heaviest], ours)
    return bool(theirs == ours)
