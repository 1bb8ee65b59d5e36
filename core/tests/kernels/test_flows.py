"""The direction of packets is that of their addresses; a flow has one hash, and no other's."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor._kernels import flows as kernel
from pktvisor.batches import Hosts, decode
from pktvisor.batches import flows as driver
from pktvisor_sdk import frames as build
from pktvisor_sdk.captures import packet_batch, records
from pktvisor_sdk.kernels import both_ways

ADDRESSES4 = st.ip_addresses(v=4).map(str)
ADDRESSES6 = st.ip_addresses(v=6).map(str)
PORTS = st.integers(0, 65535)
SEEDS = st.integers(0, 2**64 - 1)


def hashes(frames: list[bytes], seed: int) -> list[int]:
    """The hash of each frame's flow."""
    batch = packet_batch(frames)
    columns = {name: batch.column(name) for name in batch.columns}
    with both_ways(driver):
        found: list[int] = driver.flow_hashes(columns, seed=seed).tolist()
    return found


@pytest.mark.parametrize("version", [4, 6])
@given(data=st.data())
def test_directions_ask_for_the_destination_first(version: int, data: st.DataObject) -> None:
    addresses = ADDRESSES4 if version == 4 else ADDRESSES6
    bits = 32 if version == 4 else 128
    prefixes = data.draw(
        st.lists(st.tuples(addresses, st.integers(0, bits)), min_size=1, max_size=3)
    )
    networks = [ipaddress.ip_network(f"{a}/{n}", strict=False) for a, n in prefixes]
    inside = st.sampled_from([str(network.network_address) for network in networks])
    ends = data.draw(st.lists(st.tuples(*2 * [addresses | inside]), min_size=1, max_size=5))
    frames = [build.udp_frame(source, destination, 1, 2) for source, destination in ends]
    hosts = Hosts(tuple(networks))
    with both_ways(driver):
        found = decode(records(frames), hosts).direction.tolist()

    def ours(address: str) -> bool:
        parsed = ipaddress.ip_address(address)
        given = version == 6 or int(parsed) != 0  # 0.0.0.0 is no host
        return given and any(parsed in network for network in networks)

    assert found == [1 if ours(d) else 2 if ours(s) else 0 for s, d in ends]


@pytest.mark.parametrize("addresses", [ADDRESSES4, ADDRESSES6], ids=["IPv4", "IPv6"])
@given(data=st.data(), ports=st.tuples(PORTS, PORTS), seed=SEEDS)
def test_both_directions_of_a_flow_and_no_other_flow_share_a_hash(
    addresses: st.SearchStrategy[str], data: st.DataObject, ports: tuple[int, int], seed: int
) -> None:
    source, destination = data.draw(addresses), data.draw(addresses)
    frames = [
        build.udp_frame(source, destination, *ports),
        build.udp_frame(destination, source, *reversed(ports)),
        build.udp_frame(source, destination, ports[0], ports[1] ^ 1),
        build.tcp_frame(source, destination, *ports),
    ]
    there, back, other_port, other_protocol = hashes(frames, seed)
    assert there == back
    assert len({there, other_port, other_protocol}) == 3
    assert hashes(frames, seed ^ 1)[0] != there


@given(halves=st.tuples(*2 * [st.integers(1, 2**64 - 1)]), seed=SEEDS)
def test_addresses_and_ports_that_cancel_out_do_not_share_a_hash(
    halves: tuple[int, int], seed: int
) -> None:
    """What one part of a 128-bit address changes, no other part or port may undo for every seed."""

    def frame(hi: int, lo: int, port: int) -> bytes:
        address = str(ipaddress.IPv6Address(hi << 64 | lo & (2**64 - 1)))
        return build.udp_frame(address, "2001:db8::1", port, 53)

    hi, lo = halves
    golden = 0x9E3779B97F4A7C15
    frames = [
        frame(hi, lo, 7),
        frame(hi ^ 1 << 63, lo ^ 1 << 63, 7),
        frame(hi ^ 1, lo ^ hi * golden ^ (hi ^ 1) * golden, 7),
        frame(hi, lo ^ 5 << 48, 7 ^ 5),
    ]
    assert len(set(hashes(frames, seed))) == 4


def test_what_has_no_network_header_has_neither() -> None:
    batch = decode(records([b"", b"short", build.ethernet(bytes(28), 0x0806)]), Hosts.parse("::/0"))
    assert batch.direction.tolist() == [0, 0, 0]
    assert batch.flow_hash.tolist() == [0, 0, 0]


def test_prefixes_of_unequal_length_are_refused() -> None:
    word, none = np.zeros(1, np.uint64), np.zeros(0, np.uint64)
    row = np.zeros(1, np.uint64), np.zeros(1, np.int64), np.full(1, 4, np.uint8)
    with pytest.raises(IndexError):
        kernel.directions(
            row[2], row[0], row[0], row[0], row[0], row[1], word, none,
            none, none, none, none, np.zeros(1, np.uint8),
        )  # fmt: skip
