"""Print what the two doors for authors of handlers cost: columns, and packets one by one.

    python -m tests.benchmarks.doors [--packets 1000000] [--rounds 3]

Only the handler is timed, in CPU time of this process (best of the rounds), not the decoding before
it. Columns are shown by the worked plugin that counts traffic by subnet.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pktvisor import Bucket, Counter, HandlerSpec, Packet, PacketBatch, RowHandler
from pktvisor.batches import Hosts, decode
from pktvisor.captures import open_capture
from pktvisor.metrics import MetricSettings
from pktvisor.streams import HandlerContext
from pktvisor.streams.specs import resolve
from tests.benchmarks.generate import HOSTS, generate

DATA = Path(__file__).parent / "data"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/pktvisor-subnets/src"
SUBNETS_LIMIT_NS = 60
ROW_PACKETS = 200_000
DEEP_PACKETS = 20_000


class SeenBucket(Bucket):
    """What row-by-row handlers count here."""

    schema = "seen"
    packets = Counter("packets", "Packets")


class Ends(RowHandler[SeenBucket]):
    """Reads addresses and ports of each packet."""

    def packet(self, packet: Packet, bucket: SeenBucket) -> None:
        if packet.source is not None and packet.source_port != packet.destination_port:
            bucket.packets.add(1)


class Payloads(RowHandler[SeenBucket]):
    """Reads the payload of each packet."""

    def packet(self, packet: Packet, bucket: SeenBucket) -> None:
        if packet.payload[:1] != b"\0":
            bucket.packets.add(1)


class Deep(RowHandler[SeenBucket]):
    """Has impacket decode each packet."""

    def packet(self, packet: Packet, bucket: SeenBucket) -> None:
        if packet.decoded.child() is not None:
            bucket.packets.add(1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    path = DATA / f"mixed-{options.packets}.pcap"
    if not path.exists():
        generate(path, options.packets)
    for what, spec, most in (
        ("row by row: addresses, ports", row_spec(Ends), ROW_PACKETS),
        ("row by row: payload", row_spec(Payloads), ROW_PACKETS),
        ("row by row: impacket", row_spec(Deep), DEEP_PACKETS),
    ):
        _line(what, *best(options.rounds, lambda: measured(spec, path, most)))
    _line("for comparison: decoding", *best(options.rounds, lambda: decoding(path)))
    ns = _line(
        "columns: traffic by subnet",
        *best(options.rounds, lambda: measured(subnets_spec(), path, options.packets)),
    )
    verdict = "within" if ns <= SUBNETS_LIMIT_NS else "ABOVE"
    print(f"  {verdict} the {SUBNETS_LIMIT_NS} ns a packet that columns may cost there")


def row_spec(handler: type[RowHandler[Any]]) -> HandlerSpec:
    """A handler type of this module."""
    return HandlerSpec(
        name="seen", version="1.0", bucket=SeenBucket, factory=handler, accepts=(PacketBatch,)
    )


def subnets_spec() -> HandlerSpec:
    """The worked plugin."""
    if str(EXAMPLE) not in sys.path:
        sys.path.append(str(EXAMPLE))
    from pktvisor_subnets.plugin import pktvisor_handlers

    found: HandlerSpec = next(iter(pktvisor_handlers()))
    return found


def measured(spec: HandlerSpec, path: Path, most: int) -> tuple[float, int]:
    """CPU seconds of one handler over the first packets of a capture, and how many these were."""
    settings = MetricSettings(groups=spec.bucket.default_groups())
    handler = resolve(spec.factory)(spec.config(), HandlerContext(settings))
    bucket = spec.bucket(settings)
    hosts = Hosts.parse(HOSTS)
    spent, packets = 0.0, 0
    with open_capture(path) as reader:
        for records in reader:
            batch = decode(records, hosts)
            began = time.process_time()
            handler.update(batch, bucket)
            spent += time.process_time() - began
            packets += len(batch)
            if packets >= most:
                break
    began = time.process_time()
    bucket.seal(int(batch.timestamp_ns[-1]))
    return spent + time.process_time() - began, packets


def decoding(path: Path) -> tuple[float, int]:
    """CPU seconds of decoding a capture, and its packets: tells a busy machine from a quiet one."""
    hosts = Hosts.parse(HOSTS)
    spent, packets = 0.0, 0
    with open_capture(path) as reader:
        for records in reader:
            began = time.process_time()
            packets += len(decode(records, hosts))
            spent += time.process_time() - began
    return spent, packets


def best(rounds: int, measure: Callable[[], tuple[float, int]]) -> tuple[float, int]:
    """The least of some measurements."""
    return min(measure() for _ in range(rounds))


def _line(what: str, spent: float, packets: int) -> float:
    ns = spent / packets * 1e9
    print(f"  {what:32}{packets / spent:14,.0f} packets/s {ns:9.0f} ns")
    return ns


if __name__ == "__main__":
    main()
