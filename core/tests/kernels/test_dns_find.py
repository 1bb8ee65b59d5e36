"""Which packets may carry DNS, against the rule written out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.stages import dns_messages
from pktvisor.stages.dns_messages import DNS_PORTS
from pktvisor_sdk.kernels import both_ways

PORTS = st.sampled_from([0, 1, 52, 53, 54, 443, 5353, 5355, 53000, 65535])
PACKETS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 1, 2]), PORTS, PORTS), max_size=40
)
Found = tuple[list[tuple[int, int]], list[tuple[int, int]]]


def find(packets: list[tuple[int, int, int, int]]) -> Found:
    """Row and other port of the UDP and of the TCP packets, as the kernel finds them."""
    kinds = (np.uint8, np.uint8, np.uint16, np.uint16)
    table = np.array(packets, np.int64).reshape(len(packets), 4)
    columns = [table[:, place].astype(kind) for place, kind in enumerate(kinds)]
    is_dns = np.packbits(np.isin(np.arange(65536), DNS_PORTS), bitorder="little")
    port = np.zeros(len(packets), np.uint16)
    udp, tcp, state = (np.zeros(size, np.int64) for size in (len(packets), len(packets), 2))
    with both_ways(dns_messages, "dns_find"):
        dns_messages.dns_find.find(*columns, is_dns, port, udp, tcp, state)
    found = [[(row, int(port[row])) for row in rows.tolist()] for rows in
             (udp[: state[0]], tcp[: state[1]])]  # fmt: skip
    return found[0], found[1]


def oracle(packets: list[tuple[int, int, int, int]]) -> Found:
    found: dict[int, list[tuple[int, int]]] = {1: [], 2: []}
    for row, (transport, fragment, source, destination) in enumerate(packets):
        ends = {source, destination} & {*DNS_PORTS}
        other = source if destination in DNS_PORTS else destination
        if transport and not fragment and ends and other:
            found[transport].append((row, other))
    return found[1], found[2]


@given(PACKETS)
def test_packets_with_a_dns_port_are_found_with_the_port_of_the_other_side(
    packets: list[tuple[int, int, int, int]],
) -> None:
    assert find(packets) == oracle(packets)
