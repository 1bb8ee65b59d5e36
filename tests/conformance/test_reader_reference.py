"""What pktvisor-reader of the C++ original printed for its own captures, beside what we print.

Every difference needs a row in docs/compatibility.md whose first cell matches the figure's path.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pktvisor
from tests.conformance.captured import HOSTS
from tests.conformance.comparing import Finding, compare
from tests.conformance.shared import CAPTURES, REFERENCE, ROOT, needs_captures
from tests.conformance.true_values import frame_lengths, transactions

SCHEMAS = ("packets", "dns")
OURS = CAPTURES / "pktvisor"
PCAPS = sorted(path.stem for path in OURS.glob("*.pcap"))
VARIANTS = {"": (1, ""), ".periods5": (5, ""), ".host_geo": (1, HOSTS)}
CASES = [
    (name, variant)
    for name in PCAPS
    for variant in VARIANTS
    if (REFERENCE / "reader" / f"{name}{variant}.json").exists()
]


def deviation_patterns() -> list[str]:
    """The paths that docs/compatibility.md says may differ, some of one capture only."""
    text = (ROOT / "docs" / "compatibility.md").read_text()
    table = text.partition("## Figures of `pktvisor-reader`")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[str, list[Finding]]]]:
    """Collects the findings of all captures and prints them at the end."""
    rows: list[tuple[str, list[Finding]]] = []
    yield rows
    print(f"\n\n{'capture':34}{'figures':>8}{'equal':>8}{'within':>8}{'different':>10}")
    for name, findings in rows:
        count = Counter(finding.verdict for finding in findings)
        print(
            f"{name:34}{len(findings):8}{count['equal']:8}{count['within']:8}"
            f"{count['different']:10}"
        )
    for name, findings in rows:
        for finding in findings:
            if finding.verdict != "equal" and ".rates." not in finding.path:
                print(f"{name}: {finding.path} {finding.verdict}")
                print(f"    theirs {finding.theirs!s:.160}\n    ours   {finding.ours!s:.160}")


@needs_captures
@pytest.mark.parametrize(("name", "variant"), CASES, ids="".join)
def test_figures_are_the_originals_or_a_documented_deviation(
    name: str, variant: str, table: list[tuple[str, list[Finding]]]
) -> None:
    periods, hosts = VARIANTS[variant]
    capture = OURS / f"{name}.pcap"
    theirs = json.loads((REFERENCE / "reader" / f"{name}{variant}.json").read_text())
    ours = _summary(capture, periods, hosts)
    findings = [
        finding
        for schema in SCHEMAS
        for finding in compare(
            theirs[f"{periods}m"][schema],
            ours[f"{periods}m"][schema],
            lambda path: _truth(capture, hosts, path),
            schema,
        )
    ]
    table.append((name + variant, findings))
    patterns = deviation_patterns()
    unexplained = [
        finding
        for finding in findings
        if finding.verdict == "different"
        and not any(
            fnmatchcase(place, pattern)
            for pattern in patterns
            for place in (finding.path, f"{name}: {finding.path}")
        )
    ]
    assert unexplained == []


@needs_captures
def test_the_mixed_udp_and_tcp_capture_has_the_published_figures() -> None:
    """The figures the original's own tests expect, DNS messages over TCP included."""
    summary = pktvisor.summarize(
        OURS / "dns_udp_tcp_random.pcap", ["net", "dns"], "192.168.0.0/24"
    ).to_dict()["1m"]
    packets, dns = summary["packets"], summary["dns"]
    assert [packets[name] for name in ("total", "tcp", "udp")] == [16147, 13176, 2971]
    assert packets["protocol"]["tcp"]["syn"] == 2846
    assert dns["wire_packets"]["total"] == 5851
    assert dns["xact"]["counts"]["total"] == 2921


def _summary(capture: Path, periods: int, hosts: str) -> dict[str, Any]:
    databases = {}
    if hosts:
        databases = {
            "geo_city": OURS / "GeoIP2-City-Test.mmdb",
            "geo_asn": OURS / "GeoIP2-ISP-Test.mmdb",
        }
    settings = pktvisor.PolicySettings(periods=periods)
    return pktvisor.summarize(
        capture, ["net", "dns"], hosts, settings=settings, **databases
    ).to_dict()


@cache
def _truth(capture: Path, hosts: str, path: str) -> Sequence[float]:
    if path == "packets.payload_size":
        return frame_lengths(capture)
    return transactions(capture, hosts)[path.split(".")[-2]]
