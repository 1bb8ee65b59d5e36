"""Decide what the packets of a benchmark capture are: columns of flows, times, sizes and fields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .wire import Bytes, Ints

__all__ = [
    "DNS_TCP",
    "DNS_UDP",
    "ICMP",
    "IPV6_EXT",
    "TCP_BULK",
    "UDP_OTHER",
    "Names",
    "Rows",
    "plan",
]

DNS_UDP, DNS_TCP, TCP_BULK, UDP_OTHER, ICMP, IPV6_EXT = range(6)
_SHARES = {TCP_BULK: 0.25, UDP_OTHER: 0.10, ICMP: 0.05, IPV6_EXT: 0.05}
_SOURCES, _NAMES = 50_000, 5_000
_QTYPES = np.array([1, 28, 15, 16, 2, 12, 33, 65])
_QTYPE_SHARES = [0.60, 0.20, 0.04, 0.04, 0.04, 0.04, 0.02, 0.02]
_SYN, _ACK, _FIN, _PSH = 2, 16, 1, 8


@dataclass
class Names:
    """DNS names in wire form: row i is `table[i, :lengths[i]]`."""

    table: Bytes
    lengths: Ints

    @classmethod
    def numbered(cls, numbers: Ints) -> Names:
        """One name a number: `h<8 digits>.z<n>.<zone>.example.`, every third with capitals."""
        digits = (numbers[:, None] // 10 ** np.arange(7, -1, -1)) % 10 + 48
        zones = [b"\x05alpha\x07example\x00", b"\x04beta\x03net\x07example\x00", b"\x03org\x00"]
        table = np.zeros((len(numbers), 48), np.uint8)
        lengths = np.zeros(len(numbers), np.int64)
        table[:, 0] = 9
        table[:, 1] = np.where(numbers % 3 == 0, ord("H"), ord("h"))
        table[:, 2:10] = digits
        for which, zone in enumerate(zones):
            rows = numbers % len(zones) == which
            tail = np.frombuffer(b"\x02z" + bytes([48 + which]) + zone, np.uint8)
            table[rows, 10 : 10 + len(tail)] = tail
            lengths[rows] = 10 + len(tail)
        return cls(table, lengths)


@dataclass
class Rows:
    """Packets as columns, not yet in order of time; grows flow by flow kind."""

    columns: dict[str, list[NDArray[np.int64]]] = field(default_factory=dict)

    def add(self, count: int, **values: NDArray[np.int64] | int) -> None:
        """Append `count` packets; a number stands for a column of it, what is missing for 0."""
        for name in FIELDS:
            value = values.pop(name, 0)
            column = np.full(count, value) if isinstance(value, int) else value
            self.columns.setdefault(name, []).append(column.astype(np.int64))
        assert not values, values

    def done(self) -> dict[str, Ints]:
        """All packets, in order of time."""
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        order = np.argsort(columns["time_us"], kind="stable")
        return {name: column[order] for name, column in columns.items()}


FIELDS = (
    "time_us", "kind", "version", "client", "server", "client_port", "server_port", "reverse",
    "flags", "sequence", "payload", "name", "identifier", "reply", "qtype", "rcode", "answers",
    "edns",
)  # fmt: skip


def plan(packets: int, span_us: int, first_id: int, flood: bool, rng: np.random.Generator) -> Rows:
    """The packets of one stretch of time; `first_id` keeps unique things unique across stretches."""
    rows = Rows()
    number = {kind: int(packets * share) for kind, share in _SHARES.items()}
    connections = int(packets * 0.05) // 8
    pairs = (packets - sum(number.values()) - 8 * connections) // 2
    number[UDP_OTHER] += packets - sum(number.values()) - 8 * connections - 2 * pairs
    unique = iter(range(first_id, first_id + 100 * packets, packets))

    def clients(count: int) -> Ints:
        if flood:
            return next(unique) + np.arange(count)
        return _zipf(rng, _SOURCES, count)

    def dns(count: int) -> dict[str, Ints]:
        return {
            "client": clients(count),
            "server": rng.integers(0, 40, count),
            "client_port": rng.integers(1024, 65536, count),
            "name": next(unique) + np.arange(count) if flood else _zipf(rng, _NAMES, count),
            "identifier": rng.integers(0, 65536, count),
            "qtype": _QTYPES[rng.choice(len(_QTYPES), count, p=_QTYPE_SHARES)],
            "edns": rng.integers(0, 2, count),
            "version": np.where(rng.random(count) < 0.15, 6, 4),
        }

    def start(count: int) -> Ints:
        return rng.integers(0, span_us - 1_000_000, count)

    rcode = rng.choice([0, 3, 2, 5], pairs, p=[0.85, 0.10, 0.03, 0.02])
    answers = np.where(rcode == 0, rng.integers(0, 5, pairs), 0)
    latency = np.minimum(rng.lognormal(8.0, 1.2, pairs).astype(np.int64) + 200, 900_000)
    at, common = start(pairs), dns(pairs)
    rows.add(pairs, kind=DNS_UDP, time_us=at, server_port=53, **common)
    rows.add(
        pairs, kind=DNS_UDP, time_us=at + latency, server_port=53, reverse=1, reply=1,
        rcode=rcode, answers=answers, **common,
    )  # fmt: skip
    _dns_over_tcp(rows, connections, start(connections), dns(connections), rng)

    bulk, per_flow = number[TCP_BULK], 1 if flood else 50
    flow = np.arange(bulk) // per_flow
    flows = int(flow[-1]) + 1 if bulk else 0
    step = np.arange(bulk) % per_flow
    back = rng.integers(0, 2, bulk)
    payload = np.where(back == 1, rng.choice([1460, 900, 200], bulk, p=[0.4, 0.3, 0.3]), 0)
    rows.add(
        bulk, kind=TCP_BULK, version=4, time_us=start(flows)[flow] + step * 15_000,
        client=clients(flows)[flow], server=rng.integers(0, 40, flows)[flow],
        client_port=rng.integers(1024, 65536, flows)[flow], server_port=443, reverse=back,
        flags=np.where(step == 0, _SYN, _ACK), sequence=1000 + 1460 * step,
        payload=payload if flood else np.where(step == 0, 0, payload),
    )  # fmt: skip
    for kind, version in ((UDP_OTHER, 4), (ICMP, 4), (IPV6_EXT, 6)):
        count = number[kind]
        rows.add(
            count, kind=kind, version=version, time_us=rng.integers(0, span_us, count),
            client=clients(count), server=rng.integers(0, 40, count),
            client_port=rng.integers(6000, 50000, count),
            server_port=rng.choice([443, 3478, 8801, 27015], count), reverse=rng.integers(0, 2, count),
            payload=rng.integers(56, 57, count) if kind == ICMP else rng.integers(40, 900, count),
        )  # fmt: skip
    return rows


def _dns_over_tcp(
    rows: Rows, count: int, at: Ints, common: dict[str, Ints], rng: np.random.Generator
) -> None:
    """Eight packets a connection: handshake, query, reply, close."""
    steps = (
        (0, _SYN), (1, _SYN | _ACK), (0, _ACK), (0, _ACK | _PSH), (1, _ACK | _PSH),
        (0, _FIN | _ACK), (1, _FIN | _ACK), (0, _ACK),
    )  # fmt: skip
    answers = rng.integers(0, 5, count)
    for step, (reverse, flags) in enumerate(steps):
        message = step in (3, 4)
        rows.add(
            count, kind=DNS_TCP, time_us=at + 2_000 * step, server_port=53, reverse=reverse,
            flags=flags, payload=-1 if message else 0, sequence=step, reply=int(step == 4),
            answers=answers if step == 4 else 0, **common,
        )  # fmt: skip


def _zipf(rng: np.random.Generator, size: int, count: int) -> Ints:
    """Ranks 0 … size-1 with probability proportional to 1 / (rank + 1)."""
    weights = 1 / np.arange(1, size + 1)
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, rng.random(count)), size - 1)
