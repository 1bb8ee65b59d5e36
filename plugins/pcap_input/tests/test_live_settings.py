"""Settings of live capture: which interface, which hosts, and what is refused."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from pktvisor.batches import Hosts, decode
from pktvisor.streams import StreamContext
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.interfaces import (
    IFF_LOOPBACK,
    IFF_UP,
    Interface,
    choose,
    host_prefixes,
    interfaces,
)
from pktvisor_pcap.live_stream import MockStream
from pktvisor_pcap.mock_source import MockSource
from pktvisor_pcap.socket_filter import accept_all, for_interface

ETHERNET, LOOPBACK = 1, 772


def make(
    index: int, name: str, *addresses: str, packets: int = 0, flags: int = IFF_UP
) -> Interface:
    own = tuple(ipaddress.ip_interface(address) for address in addresses)
    return Interface(index, name, flags, ETHERNET, packets, own)


LO = make(1, "lo", "127.0.0.1/8", "::1/128", packets=10**9, flags=IFF_UP | IFF_LOOPBACK)
QUIET = make(2, "eth0", "192.0.2.7/24", packets=5)
BUSY = make(3, "eth1", "198.51.100.7/25", "2001:db8::7/64", packets=500)
DOWN = make(4, "eth2", "203.0.113.7/24", packets=10**6, flags=0)
ALL = (LO, QUIET, BUSY, DOWN)
LISTED = ("eth0", "lo", "any")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("eth0", "eth0"),
        ("any", "any"),
        ("auto", "eth1"),
        ("192.0.2.7", "eth0"),
        ("2001:db8:0::7", "eth1"),
        ("127.0.0.1", "lo"),
    ],
)
def test_an_interface_is_named_by_name_address_auto_or_any(wanted: str, name: str) -> None:
    assert choose(wanted, ALL, LISTED) == name


def test_an_unknown_interface_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(ValueError, match="no interface 'eth9'; available are eth0,lo,any"):
        choose("eth9", ALL, LISTED)


def test_an_address_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no interface has the address 192\.0\.2\.8"):
        choose("192.0.2.8", ALL, LISTED)


def test_auto_without_an_interface_that_is_up_is_refused() -> None:
    with pytest.raises(ValueError, match="auto found no interface"):
        choose("auto", (LO, DOWN), LISTED)


def test_the_hosts_of_an_interface_are_its_prefixes() -> None:
    assert host_prefixes("eth1", ALL) == "198.51.100.0/25,2001:db8::/64"


def test_the_hosts_of_any_are_the_addresses_of_all_interfaces_that_are_up() -> None:
    assert host_prefixes("any", ALL) == "127.0.0.1,::1,192.0.2.7,198.51.100.7,2001:db8::7"


def test_the_machines_own_interfaces_are_found() -> None:
    found = interfaces()
    assert {i.name for i in found} == {name for _, name in socket.if_nameindex()}
    loopback = next(i for i in found if i.loopback)
    assert ipaddress.ip_interface("127.0.0.1/8") in loopback.addresses


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "iface: an interface is needed"),
        ({"iface": "lo", "pcap_source": "pfring"}, "unknown source 'pfring'; allowed are libpcap"),
        ({"iface": "lo", "snaplen": 10}, "snaplen: 10 is out of range"),
        ({"iface": "lo", "ring_bytes": 0}, "ring_bytes: 0 is out of range"),
    ],
)
def test_wrong_settings_are_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PcapConfig(**values)  # type: ignore[arg-type]


def test_the_filter_leaves_out_what_the_loopback_sends_and_nothing_elsewhere() -> None:
    program = accept_all(100)
    assert for_interface(program, "eth0", ALL) == program
    assert for_interface(program, "lo", ALL)[-1:] == program
    assert for_interface(program, "any", ALL) == for_interface(program, "lo", ALL)


def test_made_up_packets_are_queries_to_the_host_and_replies_from_it() -> None:
    source, hosts = MockSource(1), Hosts.parse("192.168.0.1/32")
    batches = [decode(source.packet(5), hosts) for _ in range(50)]
    assert {int(b.status[0]) for b in batches} == {0}
    directions = [int(b.direction[0]) for b in batches]
    assert set(directions) == {1, 2}
    for batch, direction in zip(batches, directions, strict=True):
        assert (batch.destination_port if direction == 1 else batch.source_port)[0] == 53


def test_a_host_spec_replaces_the_hosts_of_the_agent() -> None:
    context = StreamContext(Hosts.parse("10.0.0.0/8"))
    given = MockStream(PcapConfig(pcap_source="mock", host_spec="192.0.2.0/24"), context)
    without = MockStream(PcapConfig(pcap_source="mock"), context)
    assert given.info()["host_ips"] == {"ipv4": ["192.0.2.0/24"]}
    assert without.info()["host_ips"] == {"ipv4": ["10.0.0.0/8"]}
