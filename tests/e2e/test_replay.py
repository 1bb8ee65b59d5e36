"""What is replayed onto an interface is counted as when the file is read."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from pktvisor import Engine, PolicySettings, summarize
from pktvisor.batches import Hosts
from pktvisor.streams import StreamContext
from pktvisor_pcap.config import PcapConfig
from pktvisor_pcap.live_stream import LiveStream
from pktvisor_sdk import dns, tunnels
from pktvisor_sdk.frames import udp_frame
from tests.conformance.shared import CAPTURES, needs_captures
from tests.e2e.lab import Lab, at_rest, needs_lab

pytestmark = [pytest.mark.slow, needs_lab]

HOSTS = "192.168.0.0/24,10.0.0.0/8,2001:db8::/32,2a00::/16"
REPLAYED = (
    "dns_ipv4_udp",
    "dns_ipv6_tcp",
    "dns_udp_tcp_random",
    "dns_udp_mixed_rcode",
    "dhcp-flow",
)


def counters(node: dict[str, Any], path: str = "") -> dict[str, int]:
    """The integers of a summary that do not depend on when packets came, or in which batches.

    (An estimate of a cardinality depends on the order in which keys were first seen.)
    """
    found: dict[str, int] = {}
    for key, value in node.items():
        if key in ("period", "rates", "xact", "quantiles", "cardinality"):
            continue
        if isinstance(value, dict):
            found |= counters(value, f"{path}{key}.")
        elif isinstance(value, int):
            found[path + key] = value
    return found


def of_interface(lab: Lab, source: str, capture: Path, **config: Any) -> dict[str, Any]:
    with Engine() as engine:
        tap = {"iface": lab.near, "pcap_source": source, "host_spec": HOSTS, **config}
        engine.add_tap("t", "pcap", tap)
        engine.add_policy("p", "t", ["net", "dns"], PolicySettings(periods=1))
        engine.start()
        sent, _ = lab.replay(capture, "--pps", "20000")
        status = at_rest(engine)
        if not config:
            assert status.processed == sent
        return engine.snapshot("p").to_dict()["1m"]


def of_file(capture: Path, **options: Any) -> dict[str, Any]:
    settings = PolicySettings(periods=1)
    result = summarize(capture, ["net", "dns"], HOSTS, options=options, settings=settings)
    return result.to_dict()["1m"]


@needs_captures
@pytest.mark.parametrize("name", REPLAYED)
def test_counters_of_an_interface_equal_those_of_the_file(lab: Lab, source: str, name: str) -> None:
    capture = CAPTURES / "pktvisor" / f"{name}.pcap"
    live, file = of_interface(lab, source, capture), of_file(capture)
    assert set(live) == set(file)
    for schema in file:
        expected = counters(file[schema])
        assert counters(live[schema]) == expected
    assert file["packets"]["total"] > 0


@needs_captures
def test_transactions_of_an_interface_are_those_of_the_file(lab: Lab, source: str) -> None:
    capture = CAPTURES / "pktvisor" / "dns_udp_tcp_random.pcap"
    live = of_interface(lab, source, capture)["dns"]["xact"]["counts"]
    file = of_file(capture)["dns"]["xact"]["counts"]
    assert live["total"] == file["total"]


def test_a_mix_of_everything_is_counted_alike(lab: Lab, source: str, mixed: Path) -> None:
    live, file = of_interface(lab, source, mixed), of_file(mixed)
    assert counters(live["packets"]) == counters(file["packets"])


@pytest.mark.parametrize("bpf", ["udp port 53", "tcp and not port 53"])
def test_a_filter_passes_the_same_packets_as_on_the_file(
    lab: Lab, source: str, mixed: Path, bpf: str
) -> None:
    live = of_interface(lab, source, mixed, bpf=bpf)
    # Live, the kernel has taken the outer tag off before libpcap's filter looks.
    expected = counters(of_file(mixed, bpf=f"{bpf} or (vlan and {bpf})")["packets"])
    assert counters(live["packets"]) == expected
    assert expected["total"] > 100


def test_a_filter_for_vlan_tags_works_though_the_kernel_takes_them_off(
    lab: Lab, source: str, mixed: Path
) -> None:
    live = of_interface(lab, source, mixed, bpf="vlan")
    expected = counters(of_file(mixed, bpf="vlan")["packets"])
    assert counters(live["packets"]) == expected
    assert expected["total"] > 100


def frames() -> list[bytes]:
    """Frames without a tag, with one and with two, of every size class."""
    ends = bytes.fromhex("0200000000010200000000aa")
    udp = struct.pack(">HHHH", 1, 2, 28, 0) + b"p" * 20
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 48, 0, 0, 9, 17, 0, b"\n\0\0\1", b"\n\0\0\2") + udp
    made = []
    for tags in ("", "8100 0064", "8100 e123", "88a8 00c8 8100 012c"):
        made += [ends + bytes.fromhex(tags) + b"\x08\0" + ip + b"z" * n for n in (0, 300, 1300)]
    return made


def collected(stream: LiveStream, send: Any, count: int) -> list[Any]:
    """Batches until `count` packets have come."""
    send()
    found, deadline = [], time.monotonic() + 10
    for batch in stream.batches():
        if batch is not None:
            found.append(batch)
        if sum(map(len, found)) >= count or time.monotonic() > deadline:
            stream.stop()
    return found


def sender_at(lab: Lab, sent: list[bytes]) -> Any:
    script = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        f"s.bind(({lab.far!r}, 0))\n"
        "for line in sys.argv[1].split(','): s.send(bytes.fromhex(line))\n"
    )

    def send() -> None:
        import sys

        done = lab.spawn(sys.executable, "-c", script, ",".join(f.hex() for f in sent))
        assert done.communicate(timeout=20)[0] == ""

    return send


def test_frames_arrive_byte_for_byte_with_their_vlan_tags(lab: Lab, source: str) -> None:
    config = PcapConfig(iface=lab.near, pcap_source=source)
    stream = LiveStream(config, StreamContext())
    sent = frames()
    batches = collected(stream, sender_at(lab, sent), len(sent))
    stream.close()
    got = [
        b.arena[int(at) : int(at) + int(size)].tobytes()
        for b in batches
        for at, size in zip(b.frame_offset, b.captured_length, strict=True)
    ]
    assert got == sent
    tags = [(int(v), int(i)) for b in batches for v, i in zip(b.vlan, b.inner_vlan, strict=True)]
    assert tags == [t for t in ((0, 0), (100, 0), (0x123, 0), (200, 300)) for _ in range(3)]


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_in_a_vxlan_tunnel_is_counted_where_the_tap_says_so(
    lab: Lab, source: str, inside: bool
) -> None:
    inner = udp_frame("10.9.0.1", "10.9.0.2", 4000, 53, dns.query("tunnelled.example"))
    frame = udp_frame("192.0.2.1", "192.0.2.2", 5000, tunnels.VXLAN_PORT, tunnels.vxlan(inner))
    with Engine() as engine:
        config = {"iface": lab.near, "pcap_source": source, "host_spec": "10.9.0.2/32"}
        engine.add_tap("t", "pcap", {**config, "decapsulate": inside})
        engine.add_policy("p", "t", ["net", "dns"])
        engine.start()
        sender_at(lab, [frame] * 7)()
        at_rest(engine, at_least=7)
        result = engine.snapshot("p").to_dict()["5m"]
    assert result["packets"]["total"] == 7
    assert result["packets"]["in"] == (7 if inside else 0)
    assert result["dns"]["wire_packets"]["queries"] == (7 if inside else 0)


def test_on_any_frames_have_cooked_headers_and_the_same_contents(lab: Lab, source: str) -> None:
    config = PcapConfig(iface="any", pcap_source=source, bpf="host 10.0.0.2 and udp port 2")
    stream = LiveStream(config, StreamContext())
    sent = [frame for frame in frames() if frame[12:14] == b"\x08\0"]
    batches = collected(stream, sender_at(lab, sent), len(sent))
    stream.close()
    assert {int(kind) for b in batches for kind in b.link_type} == {113}
    got = [
        b.arena[int(at) : int(at) + int(size)].tobytes()[14:]
        for b in batches
        for at, size in zip(b.frame_offset, b.captured_length, strict=True)
    ]
    assert got == [frame[12:] for frame in sent]


def test_a_short_snaplen_cuts_frames_and_says_so(lab: Lab, source: str) -> None:
    config = PcapConfig(iface=lab.near, pcap_source=source, snaplen=64)
    stream = LiveStream(config, StreamContext(Hosts()))
    sent = [frame for frame in frames() if len(frame) > 300]
    (batch,) = collected(stream, sender_at(lab, sent), len(sent))
    stream.close()
    assert (batch.captured_length < batch.wire_length).all()
    assert set(batch.captured_length.tolist()) <= {64, 68}  # 4 of a tag that was put back
    if source == "af_packet":
        assert batch.wire_length.tolist() == [len(frame) for frame in sent]


def test_every_packet_over_the_loopback_is_counted_once(source: str) -> None:
    for iface in ("lo", "any"):
        with Engine() as engine, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 0))
            own = sender.getsockname()[1]
            bpf = f"udp src port {own} and dst port 9"
            engine.add_tap("t", "pcap", {"iface": iface, "pcap_source": source, "bpf": bpf})
            engine.start()
            for _ in range(500):
                sender.sendto(b"once", ("127.0.0.1", 9))
            status = at_rest(engine, at_least=500)
            assert (iface, status.kernel_received, status.processed) == (iface, 500, 500)


def test_an_interface_that_goes_away_ends_its_stream_and_says_so(lab: Lab, source: str) -> None:
    with Engine() as engine:
        engine.add_tap("t", "pcap", {"iface": lab.near, "pcap_source": source})
        engine.start()
        lab.down()
        engine.join()
        (status,) = engine.streams()
        assert (status.state, status.problem) == ("finished", f"interface {lab.near} went away")
