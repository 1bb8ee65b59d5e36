"""Generate benchmark captures: mixed traffic, or a flood of unique sources and names.

    python -m tests.benchmarks.generate PATH --packets 1000000 [--flood] [--seed 1]

Half DNS over UDP, 5 % DNS over TCP, 25 % other TCP, 10 % other UDP, 5 % ICMP, 5 % IPv6 with
extension headers; 5 % of all VLAN-tagged, 0.5 % twice. Hosts are in 10.0.0.0/8 and 2001:db8::/32.
"""

from __future__ import annotations

import argparse
import json
import struct
from collections import Counter
from pathlib import Path

import numpy as np

from .traffic import DNS_TCP, DNS_UDP, ICMP, IPV6_EXT, TCP_BULK, UDP_OTHER, Names, plan
from .wire import Bytes, Ints, big_endian, put, put_ragged

__all__ = ["HOSTS", "generate"]

HOSTS = "10.0.0.0/8,2001:db8::/32"
_STRETCH = 250_000  # packets made at a time, to bound memory
_US_PER_PACKET = 183  # of traffic: 1,000,000 packets are 183 s
_START_S = 1_700_000_000
_EXTENSIONS = bytes.fromhex("3c00010400000000 2c00010400000000 1100000012345678".replace(" ", ""))
_PROTOCOLS = {DNS_UDP: 17, DNS_TCP: 6, TCP_BULK: 6, UDP_OTHER: 17, ICMP: 1, IPV6_EXT: 17}


def generate(path: Path, packets: int, *, flood: bool = False, seed: int = 1) -> dict[str, int]:
    """Write a capture and return what is in it. Same arguments, same bytes."""
    truth: Counter[str] = Counter()
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for first in range(0, packets, _STRETCH):
            rng = np.random.default_rng([seed, first])
            count = min(_STRETCH, packets - first)
            span_us = max(count * _US_PER_PACKET, 1_100_000)
            begin_us = (_START_S * 1_000_000) + first * _US_PER_PACKET
            rows = plan(count, span_us, 100 * first, flood, rng).done()
            file.write(_frames(rows, begin_us, rng, truth).tobytes())
    return dict(truth)


def _frames(
    rows: dict[str, Ints], begin_us: int, rng: np.random.Generator, truth: Counter[str]
) -> Bytes:
    """All packets of a stretch as capture records; what they are is added to `truth`."""
    kind, count = rows["kind"], len(rows["kind"])
    wide = rows["version"] == 6
    dns = (kind == DNS_UDP) | ((kind == DNS_TCP) & (rows["payload"] < 0))
    tcp = (kind == DNS_TCP) | (kind == TCP_BULK)
    distinct, which = np.unique(rows["name"], return_inverse=True)
    names = Names.numbered(distinct)
    message = 12 + names.lengths[which] + 4 + 28 * rows["answers"] + 11 * rows["edns"]
    prefix = np.where(kind == DNS_TCP, 2, 0)
    payload = np.where(dns, message + prefix, np.maximum(rows["payload"], 0))
    draw = rng.random(count)
    tags = np.where(draw < 0.005, 2, np.where(draw < 0.055, 1, 0))
    extension = np.where(kind == IPV6_EXT, len(_EXTENSIONS), 0)
    network = 14 + 4 * tags
    transport = network + np.where(wide, 40, 20) + extension
    body = transport + np.where(tcp, 20, 8)
    length = body + payload
    record = np.concatenate(([0], np.cumsum(length + 16)))
    out = np.zeros(int(record[-1]), np.uint8)
    frame = record[:-1] + 16
    _record_headers(out, frame - 16, begin_us + rows["time_us"], length)
    _links(out, frame, tags, wide)
    _networks(out, frame, rows, network, transport, extension, length)
    _transports(out, frame + transport, rows, tcp, length - transport)
    _messages(out, (frame + body)[dns], {k: v[dns] for k, v in rows.items()}, names, which[dns])
    _count(truth, rows, dns, tcp, tags)
    return out


def _record_headers(out: Bytes, at: Ints, time_us: Ints, length: Ints) -> None:
    words = np.stack((time_us // 1_000_000, time_us % 1_000_000, length, length), axis=1)
    put(out, at, words.astype("<u4").view(np.uint8).reshape(len(at), 16))


def _links(out: Bytes, frame: Ints, tags: Ints, wide: NDArray_bool) -> None:
    put(out, frame, np.frombuffer(b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", np.uint8))
    ethertype = np.where(wide, 0x86DD, 0x0800)
    put(out, frame + 12 + 4 * tags, big_endian(ethertype, 2))
    for number in (1, 2):
        rows = tags >= number
        tag = (0x8100 << 16 | 100) if number == 1 else (0x88A8 << 16 | 200)
        put(out, (frame + 12)[rows] + 4 * (tags[rows] - number), big_endian(np.array([tag]), 4))


def _networks(
    out: Bytes,
    frame: Ints,
    rows: dict[str, Ints],
    network: Ints,
    transport: Ints,
    extension: Ints,
    length: Ints,
) -> None:
    client, server = rows["client"], rows["server"]
    protocol = np.vectorize(_PROTOCOLS.__getitem__, otypes=[np.int64])(np.arange(6))[rows["kind"]]
    narrow = rows["version"] == 4
    at = (frame + network)[narrow]
    far = 0x20000000 + (client[narrow] * 2654435761 & 0x0FFFFFFF)
    near = 0x0A000000 + server[narrow]
    back = rows["reverse"][narrow] == 1
    put(out, at, big_endian(0x45000000 + (length - network)[narrow], 4))
    put(out, at + 8, big_endian((64 << 8) + protocol[narrow], 2))
    put(out, at + 12, big_endian(np.where(back, near, far), 4))
    put(out, at + 16, big_endian(np.where(back, far, near), 4))
    at = (frame + network)[~narrow]
    far = client[~narrow] * 2654435761 & 0x7FFFFFFFFFFF
    near, back = server[~narrow], rows["reverse"][~narrow] == 1
    first = np.where(extension > 0, 0, protocol)[~narrow]
    put(out, at, big_endian(np.array([0x60000000]), 4))
    put(out, at + 4, big_endian((length - network)[~narrow] - 40, 2))
    put(out, at + 6, big_endian((first << 8) + 64, 2))
    remote, local = 0x2A01DB80 << 32, 0x20010DB8 << 32
    put(out, at + 8, big_endian(np.where(back, local, remote), 8))
    put(out, at + 16, big_endian(np.where(back, near, far), 8))
    put(out, at + 24, big_endian(np.where(back, remote, local), 8))
    put(out, at + 32, big_endian(np.where(back, far, near), 8))
    put(out, (frame + transport - extension)[extension > 0], np.frombuffer(_EXTENSIONS, np.uint8))


def _transports(out: Bytes, at: Ints, rows: dict[str, Ints], tcp: NDArray_bool, size: Ints) -> None:
    back = rows["reverse"] == 1
    source = np.where(back, rows["server_port"], rows["client_port"])
    target = np.where(back, rows["client_port"], rows["server_port"])
    icmp = rows["kind"] == ICMP
    ported = ~icmp
    put(out, at[ported], big_endian((source << 16 | target)[ported], 4))
    udp = ported & ~tcp
    put(out, at[udp] + 4, big_endian(size[udp], 2))
    put(out, at[icmp], big_endian(np.where(back, 0, 8)[icmp], 1))
    sequence = np.where(rows["kind"] == DNS_TCP, _dns_sequence(rows), rows["sequence"])
    put(out, at[tcp] + 4, big_endian(sequence[tcp], 4))
    put(out, at[tcp] + 12, big_endian((0x50 << 8 | rows["flags"])[tcp], 2))


def _dns_sequence(rows: dict[str, Ints]) -> Ints:
    """Sequence numbers of the eight packets of a connection; data starts at 101 on both sides."""
    step = rows["sequence"]
    return np.where(step < 2, 100, np.where(step < 5, 101, 4000))


def _messages(out: Bytes, at: Ints, rows: dict[str, Ints], names: Names, which: Ints) -> None:
    """DNS messages; over TCP a length goes in front."""
    over_tcp = rows["kind"] == DNS_TCP
    size = 12 + names.lengths[which] + 4 + 28 * rows["answers"] + 11 * rows["edns"]
    put(out, at[over_tcp], big_endian(size[over_tcp], 2))
    at = at + np.where(over_tcp, 2, 0)
    flags = np.where(rows["reply"] == 1, 0x8180 | rows["rcode"], 0x0100)
    put(out, at, big_endian(rows["identifier"] << 16 | flags, 4))
    put(out, at + 4, big_endian(1 << 48 | rows["answers"] << 32 | rows["edns"], 8))
    put_ragged(out, at + 12, names.table, names.lengths, which)
    at = at + 12 + names.lengths[which]
    put(out, at, big_endian(rows["qtype"] << 16 | 1, 4))
    at = at + 4
    answer = bytes.fromhex("c00c 0010 0001 0000012c 0010 0f 76 3d 6162636465666768696a6b6c6d")
    for number in range(int(rows["answers"].max(initial=0))):
        some = rows["answers"] > number
        put(out, at[some], np.frombuffer(answer, np.uint8))
        at = at + 28 * some
    edns = rows["edns"] == 1
    put(
        out,
        at[edns],
        np.frombuffer(bytes.fromhex("0000290 4d0000000000000".replace(" ", "")), np.uint8),
    )


NDArray_bool = np.ndarray[tuple[int], np.dtype[np.bool_]]


def _count(
    truth: Counter[str], rows: dict[str, Ints], dns: NDArray_bool, tcp: NDArray_bool, tags: Ints
) -> None:
    reply = dns & (rows["reply"] == 1)
    udp = np.isin(rows["kind"], (DNS_UDP, UDP_OTHER, IPV6_EXT))
    masks = {
        "packets": np.ones(len(dns), bool),
        "udp": udp,
        "tcp": tcp,
        "other_l4": rows["kind"] == ICMP,
        "ipv4": rows["version"] == 4,
        "ipv6": rows["version"] == 6,
        "in": rows["reverse"] == 0,
        "out": rows["reverse"] == 1,
        "syn": tcp & (rows["flags"] & 2 > 0),
        "vlan": tags > 0,
        "qinq": tags == 2,
        "dns": dns,
        "dns_udp": dns & udp,
        "dns_tcp": dns & tcp,
        "queries": dns & ~reply,
        "replies": reply,
        "noerror": reply & (rows["rcode"] == 0),
        "srvfail": reply & (rows["rcode"] == 2),
        "nxdomain": reply & (rows["rcode"] == 3),
        "refused": reply & (rows["rcode"] == 5),
        "nodata": reply & (rows["rcode"] == 0) & (rows["answers"] == 0),
    }
    for name, mask in masks.items():
        truth[name] += int(np.count_nonzero(mask))


def main() -> None:
    """Write a capture and print what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    truth = generate(options.path, options.packets, flood=options.flood, seed=options.seed)
    print(json.dumps(truth, sort_keys=True))


if __name__ == "__main__":
    main()
