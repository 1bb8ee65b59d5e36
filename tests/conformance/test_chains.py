"""What the original's own tests expect of chains of `net` and `dns`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from .captured import look_up, needs_captures, run_chain

HOST = "192.168.0.0/24"
MIXED = "dns_udp_mixed_rcode"
SUFFIX = {"only_qname_suffix": ["google.com"]}
NOT_FOUND = {"geoloc_notfound": True}


@dataclass(frozen=True)
class Chain:
    """Handlers in a row (name, version, config) and what each is expected to show."""

    name: str
    capture: str
    links: tuple[tuple[str, str, Mapping[str, Any]], ...]
    expected: tuple[Mapping[str, Any], ...]
    hosts: str = HOST
    deviates: tuple[str, ...] = field(default=())


CHAINS = [
    Chain(
        "names of dns 1.0 filter for net 1.0",
        MIXED,
        (("dns", "1.0", SUFFIX), ("net", "1.0", {})),
        (
            {"wire_packets.udp": 10, "wire_packets.ipv4": 10},
            {
                "events": 10,
                "tcp": 0,
                "udp": 10,
                "ipv4": 10,
                "cardinality.dst_ips_out": 3,
                "cardinality.src_ips_in": 5,
                "top_ipv4[0].name": "216.239.38.10",
                "top_ipv4[0].estimate": 4,
            },
        ),
    ),
    Chain(
        "places of net 1.0 filter for dns 1.0",
        MIXED,
        (("net", "1.0", NOT_FOUND), ("dns", "1.0", {})),
        (
            {"events": 24, "tcp": 0, "udp": 24, "ipv4": 24},
            {"wire_packets.udp": 24, "wire_packets.ipv4": 24},
        ),
    ),
    Chain(
        "net 1.0 and dns 1.0 twice over TCP",
        "dns_ipv4_tcp",
        (("net", "1.0", NOT_FOUND), ("dns", "1.0", {}), ("net", "1.0", {}), ("dns", "1.0", {})),
        (
            {"events": 2100, "tcp": 2100, "ipv4": 2100},
            {"wire_packets.tcp": 420, "wire_packets.ipv4": 420},
            {"tcp": 420, "ipv4": 420},
            {"wire_packets.tcp": 420, "wire_packets.ipv4": 420},
        ),
        hosts="127.0.0.0/24",
        deviates=("events 2310: the ends of 210 connections are no events here",),
    ),
    Chain(
        "names of dns 2.0 filter for net 2.0",
        MIXED,
        (("dns", "2.0", SUFFIX), ("net", "2.0", {})),
        (
            {"out.udp_xacts": 4, "out.ipv4_xacts": 4},
            {
                "observed_packets": 12,
                "in.tcp_packets": 0,
                "in.udp_packets": 8,
                "in.ipv4_packets": 8,
                "in.cardinality.ips": 5,
                "in.top_ipv4_packets[0].estimate": 3,
                "in.top_ipv4_packets[0].name": "192.168.0.54",
            },
        ),
        deviates=(
            "17 observed, 13 of them in: the five replies whose query was rejected are not"
            " handed on here",
        ),
    ),
    Chain(
        "places of net 2.0 filter for dns 2.0",
        MIXED,
        (("net", "2.0", NOT_FOUND), ("dns", "2.0", {})),
        (
            {
                "observed_packets": 24,
                "in.tcp_packets": 0,
                "in.udp_packets": 15,
                "in.ipv4_packets": 15,
            },
            {"out.udp_xacts": 9, "out.ipv4_xacts": 9},
        ),
    ),
    Chain(
        "net 2.0 and dns 2.0 twice over TCP",
        "dns_ipv4_tcp",
        (("net", "2.0", {}), ("dns", "2.0", {}), ("net", "2.0", {}), ("dns", "2.0", {})),
        (
            {"observed_packets": 2100, "unknown.tcp_packets": 2100, "unknown.ipv4_packets": 2100},
            {"unknown.tcp_xacts": 210, "unknown.ipv4_xacts": 210},
            {"unknown.tcp_packets": 420, "unknown.ipv4_packets": 420},
            {"unknown.tcp_xacts": 210, "unknown.ipv4_xacts": 210},
        ),
        hosts="",
    ),
]


@needs_captures
@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_a_chain_counts_what_the_original_expects(chain: Chain) -> None:
    buckets = run_chain(chain.capture, *chain.links, host_spec=chain.hosts, geo=True)
    wrong = {}
    for place, (bucket, expected) in enumerate(zip(buckets, chain.expected, strict=True)):
        for path, value in expected.items():
            if (found := look_up(bucket, path)) != value:
                wrong[place, path] = (found, value)
    assert wrong == {}


def test_the_tally_of_chains_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    deviating = [chain for chain in CHAINS if chain.deviates]
    with capsys.disabled():
        print(f"\nchains: {len(CHAINS) - len(deviating)} as the original", end=", ")
        print(f"{len(deviating)} deviating")
        for chain in deviating:
            print(f"  deviates: {chain.name}: {'; '.join(chain.deviates)}")
