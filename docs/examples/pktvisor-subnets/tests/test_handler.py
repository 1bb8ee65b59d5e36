"""What `subnets` counts, and the promises every handler makes."""

from __future__ import annotations

import pytest
from pktvisor_subnets.plugin import pktvisor_handlers

from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.contracts import HandlerBench, HandlerContract
from pktvisor_sdk.frames import udp_frame

SPEC = next(iter(pktvisor_handlers()))
HOST = "10.0.0.1/32,2001:db8::1/128"


class TestContract(HandlerContract):
    spec = SPEC


def test_remote_ends_are_counted_by_subnet_whichever_way_packets_go() -> None:
    frames = [
        udp_frame("192.0.2.1", "10.0.0.1", 1, 2),
        udp_frame("10.0.0.1", "192.0.2.200", 2, 1),
        udp_frame("198.51.100.7", "10.0.0.1", 1, 2, bytes(1000)),
        udp_frame("2620:fe:0:1::9", "2001:db8::1", 1, 2),
        udp_frame("192.0.2.1", "192.0.2.2", 1, 2),  # neither end is ours
    ]
    bench = HandlerBench(SPEC, enable=["top_packets"])
    bucket = bench.run([packet_batch(frames, host_spec=HOST)])[0]
    assert bucket.packets.value == 4
    assert bucket.subnets.to_json() == 3
    assert bucket.top_packets.to_json()[0] == {"name": "192.0.2.0/24", "estimate": 2}
    assert {item["name"] for item in bucket.top_packets.to_json()} == {
        "192.0.2.0/24",
        "198.51.100.0/24",
        "2620:fe::/48",
    }
    assert bucket.top_bytes.to_json()[0] == {"name": "198.51.100.0/24", "estimate": 1042}


def test_the_list_by_packets_is_off_unless_it_is_asked_for() -> None:
    frames = [udp_frame("192.0.2.1", "10.0.0.1", 1, 2)]
    shown = HandlerBench(SPEC).snapshot([packet_batch(frames, host_spec=HOST)]).to_dict()
    assert set(shown["1m"]["subnets"]) == {"packets", "bytes", "cardinality", "top_bytes", "period"}


def test_a_prefix_length_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="ipv4_length 33 is out of range; allowed is 1 to 32"):
        HandlerBench(SPEC, {"ipv4_length": 33}).run([])
