"""Print what the two doors for authors of handlers cost: columns, and packets one by one.

    python -m tests.benchmarks.doors [--packets 200000] [--rounds 5]

Only the handler is timed (best of the rounds, CPU time of this process); its batches are decoded
before. Columns are shown by the worked plugin that counts traffic by subnet.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
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
    parser.add_argument("--packets", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    batches = decoded(options.packets)
    few = batches[: max(DEEP_PACKETS // 8192, 1)]
    for what, handler, given in (
        ("row by row: addresses, ports", Ends, batches),
        ("row by row: payload", Payloads, batches),
        ("row by row: impacket", Deep, few),
    ):
        _line(what, given, best(options.rounds, lambda: seconds(row_spec(handler), given)))
    spent = best(options.rounds, lambda: seconds(subnets_spec(), fresh(batches)))
    ns = _line("columns: traffic by subnet", batches, spent)
    verdict = "within" if ns <= SUBNETS_LIMIT_NS else "ABOVE"
    print(f"  {verdict} the {SUBNETS_LIMIT_NS} ns a packet that columns may cost there")


def decoded(packets: int) -> list[PacketBatch]:
    """Mixed traffic as batches."""
    DATA.mkdir(exist_ok=True)
    path = DATA / f"mixed-{packets}.pcap"
    if not path.exists():
        generate(path, packets)
    hosts = Hosts.parse(HOSTS)
    with open_capture(path) as reader:
        return [kept(decode(records, hosts)) for records in reader]


def kept(batch: PacketBatch) -> PacketBatch:
    """A batch that owns its memory: a reader uses that of its records again."""
    columns = {name: batch.column(name).copy() for name in batch.columns}
    return PacketBatch(batch.arena.copy(), len(batch), columns)


def fresh(batches: Sequence[PacketBatch]) -> list[PacketBatch]:
    """The same batches, with nothing derived from them yet."""
    return [
        PacketBatch(b.arena, len(b), {name: b.column(name) for name in b.columns}) for b in batches
    ]


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


def seconds(spec: HandlerSpec, batches: Sequence[PacketBatch]) -> float:
    """CPU seconds of one handler over batches, from making it to the sealed bucket."""
    settings = MetricSettings(groups=spec.bucket.default_groups())
    handler = resolve(spec.factory)(spec.config(), HandlerContext(settings))
    bucket = spec.bucket(settings, int(batches[0].timestamp_ns[0]))
    began = time.process_time()
    for batch in batches:
        handler.update(batch, bucket)
    bucket.seal(int(batches[-1].timestamp_ns[-1]))
    return time.process_time() - began


def best(rounds: int, measure: Callable[[], float]) -> float:
    """The least of some measurements."""
    return min(measure() for _ in range(rounds))


def _line(what: str, batches: Sequence[PacketBatch], spent: float) -> float:
    packets = sum(map(len, batches))
    ns = spent / packets * 1e9
    print(f"  {what:32}{packets / spent:14,.0f} packets/s {ns:9.0f} ns")
    return ns


if __name__ == "__main__":
    main()
