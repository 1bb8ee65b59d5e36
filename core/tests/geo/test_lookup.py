"""The lookup kernel says of every address what the decoder of the `maxminddb` package says."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import maxminddb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pktvisor._kernels import prefix_walk
from pktvisor.batches import Array
from pktvisor.geo import UNKNOWN, GeoDatabase, tree
from pktvisor_sdk.geo import asn_record, database_bytes
from pktvisor_sdk.kernels import both_ways, interpreted_twin

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Few different upper bits, so that prefixes lie inside each other and addresses inside prefixes.
_IPV4 = st.builds(
    lambda top, low: ipaddress.IPv4Address(top << 28 | low),
    st.integers(10, 13),
    st.integers(0, (1 << 28) - 1) | st.integers(0, 255),
)
_IPV6 = st.builds(
    lambda top, low: ipaddress.IPv6Address(0x2001_0DB8 << 96 | top << 92 | low),
    st.integers(0, 3),
    st.integers(0, (1 << 92) - 1) | st.integers(0, 255),
)
ADDRESSES = st.lists(_IPV4 | _IPV6, min_size=1, max_size=30)


def _network(address: Address, length: int) -> Network:
    return ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)


NETWORKS = st.lists(st.builds(_network, _IPV4 | _IPV6, st.integers(1, 128)), max_size=12)


def _columns(addresses: list[Address]) -> tuple[Array, Array, Array, Array]:
    numbers = [int(address) for address in addresses]
    return (
        np.array([address.version for address in addresses], np.uint8),
        np.array([number >> 64 for number in numbers], np.uint64),
        np.array([number & (1 << 64) - 1 for number in numbers], np.uint64),
        np.arange(len(addresses)),
    )


@pytest.mark.parametrize("record_size", [24, 28, 32])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(networks=NETWORKS, addresses=ADDRESSES)
def test_every_address_has_the_record_maxminddb_finds(
    tmp_path: Path, record_size: int, networks: list[Network], addresses: list[Address]
) -> None:
    path = tmp_path / "networks.mmdb"
    records = [(str(n), asn_record(64496 + i, f"Net {i}")) for i, n in enumerate(networks)]
    path.write_bytes(database_bytes(records, "GeoLite2-ASN", record_size))
    inside = [network[0] for network in networks] + [network[-1] for network in networks]
    asked = addresses + inside + addresses  # again: now from the cache
    with both_ways(tree) as checked:
        database = GeoDatabase.open(path, "asn")
        found = [database.text(code) for code in database.codes(*_columns(asked)).tolist()]
    assert checked.calls
    with maxminddb.open_database(str(path), maxminddb.MODE_MEMORY) as oracle:
        for address, text in zip(asked, found, strict=True):
            record = oracle.get(str(address))
            assert isinstance(record, dict | None)
            expected = UNKNOWN
            if record is not None:
                number = record["autonomous_system_number"]
                expected = f"{number}/{record['autonomous_system_organization']}"
            assert text == expected, address


@given(
    nodes=st.binary(max_size=400),
    claimed=st.integers(1, 80),
    record_size=st.sampled_from([24, 28, 32]),
    addresses=ADDRESSES,
)
def test_a_tree_of_arbitrary_bytes_ends_every_walk(
    nodes: bytes, claimed: int, record_size: int, addresses: list[Address]
) -> None:
    """No more nodes are claimed than there are bytes for, as opening a file sees to."""
    room = len(nodes) * 4 // record_size
    if not room:
        return
    claimed = min(claimed, room)
    data = np.frombuffer(nodes, np.uint8)
    results = []
    for kernel, view in ((prefix_walk, _same), (interpreted_twin(prefix_walk), memoryview)):
        starts = [np.zeros(256, np.uint32) for _ in range(2)]
        for table in starts:
            kernel.expand(view(data), claimed, record_size, view(table))
        caches = np.zeros(64, np.uint64), np.zeros((64, 3), np.uint64)
        codes = np.empty(len(addresses), np.int64)
        for _ in range(2):  # the second time from the caches
            kernel.lookup(
                view(data), claimed, record_size, view(starts[0]), view(starts[1]), 8, 8,
                *map(view, _columns(addresses)), 7, *map(view, caches),
                view(np.empty(len(addresses), np.int64)), view(codes),
            )  # fmt: skip
            results.append(codes.tolist())
    assert all(codes == results[0] for codes in results)
    assert all(-2 <= code < 1 << 32 for code in results[0])


def _same(column: Array) -> Array:
    return column
