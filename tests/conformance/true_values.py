"""The values behind quantile metrics, worked out one by one: what sketches are measured against."""

from __future__ import annotations

from pathlib import Path

from pktvisor.batches import Hosts, PacketBatch, decode
from pktvisor.captures import open_capture
from pktvisor.stages import STAGES, DnsMessages, stages_for

QUERY, REPLY, OUT = 0, 1, 2


def frame_lengths(capture: Path) -> list[int]:
    """Captured lengths of all packets, sorted."""
    with open_capture(capture) as reader:
        return sorted(n for records in reader for n in records.captured_length.tolist())


def transactions(capture: Path, host_spec: str) -> dict[str, list[float]]:
    """Times in microseconds by the direction of the query, and ratios of sizes; all sorted."""
    stages = [STAGES[name]() for name in stages_for({"dns_messages"})]
    found: dict[str, list[float]] = {"in": [], "out": [], "ratio": []}
    open_queries: dict[tuple[int, int], tuple[int, int, int]] = {}
    names = "flow_hash", "identifier", "kind", "timestamp_ns", "direction", "message_length"

    def messages(batch: PacketBatch) -> DnsMessages:
        for stage in stages:
            batch.add_stage(stage.run(batch))
        return batch.stage(DnsMessages)

    with open_capture(capture) as reader:
        tables = (messages(decode(records, Hosts.parse(host_spec))) for records in reader)
        columns = [[table.column(name).tolist() for name in names] for table in tables]
    for table in columns:
        for flow, number, kind, at_ns, direction, size in zip(*table, strict=True):
            if kind == QUERY:
                open_queries[flow, number] = at_ns, direction, size
            elif kind == REPLY and (flow, number) in open_queries:
                asked_ns, _, asked_size = open_queries.pop((flow, number))
                # The reply leaves the host that served, and comes to the host that asked.
                found["in" if direction == OUT else "out"].append((at_ns - asked_ns) // 1000)
                found["ratio"].append(size / asked_size)
    return {name: sorted(values) for name, values in found.items()}
