"""What an operator looks for first in the schemas of the original: its lines, gauges and tables.

Only names and paths are written down here; nothing of a handler is imported. A schema not listed is
drawn from its figures' shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pktvisor.tui.figures import Figures

__all__ = ["TABLES", "KnownCell", "KnownGauge", "KnownSchema", "KnownTable", "known_schema"]


class KnownCell(NamedTuple):
    """A count; its share is of the sum of the counts in `base`, and the highest `rank` yields first."""

    label: str
    path: str
    base: tuple[str, ...] = ()
    rank: int = 0


class KnownGauge(NamedTuple):
    """A spread in `unit`, its values divided by `scale`."""

    label: str
    path: str
    unit: str
    rank: int = 0
    scale: float = 1
    beside: str = ""
    """The path of another gauge; where the figures of both are the same, that one says it all."""


class KnownTable(NamedTuple):
    """A list of names whose shares are of the count `base`, as far as the table has seen all of it."""

    title: str
    schema: str
    path: str
    base: str


@dataclass(frozen=True)
class KnownSchema:
    """A schema of a version that has the count `mark`."""

    name: str
    mark: str
    lines: tuple[tuple[str, tuple[KnownCell, ...]], ...]
    gauges: tuple[KnownGauge, ...] = ()
    deep: tuple[str, str] | None = None
    """Counts of looked-at and of all events, where the tables have seen only the former."""


def known_schema(name: str, figures: Figures) -> KnownSchema | None:
    """What is known of a schema, None for one nobody has written of."""
    for schema in _SCHEMAS:
        if schema.name == name and schema.mark in figures.counts:
            return schema
    return None


_ALL, _SIDES = ("total",), ("in", "out")
_WIRE, _REPLIES, _XACTS = "wire_packets.total", "wire_packets.replies", "xact.counts.total"
_SCHEMAS = (
    KnownSchema(
        "packets",
        "events",
        (
            (
                "Packets",
                (
                    KnownCell("", "total"),
                    KnownCell("UDP", "udp", _ALL),
                    KnownCell("TCP", "tcp", _ALL),
                    KnownCell("other", "other_l4", _ALL, 3),
                    KnownCell("IPv4", "ipv4", _ALL, 2),
                    KnownCell("IPv6", "ipv6", _ALL),
                    KnownCell("in", "in", _SIDES),
                    KnownCell("out", "out", _SIDES),
                    KnownCell("deep", "deep_samples", ("events",), 4),
                    KnownCell("IPs in", "cardinality.src_ips_in", (), 1),
                    KnownCell("IPs out", "cardinality.dst_ips_out", (), 1),
                ),
            ),
        ),
        (
            KnownGauge("packets/s", "rates.pps_total", "pps"),
            KnownGauge("packets/s in", "rates.pps_in", "pps", 1),
            KnownGauge("packets/s out", "rates.pps_out", "pps", 1),
            KnownGauge("bytes/s", "rates.bytes_total", "bytes/s", 2),
            KnownGauge("bytes/s in", "rates.bytes_in", "bytes/s", 3),
            KnownGauge("bytes/s out", "rates.bytes_out", "bytes/s", 3),
            KnownGauge("payload bytes", "payload_size", "bytes", 2),
            KnownGauge("events/s", "rates.pps_events", "pps", 5, 1, "rates.pps_total"),
        ),
    ),
    KnownSchema(
        "dns",
        "wire_packets.events",
        (
            (
                "DNS",
                (
                    KnownCell("", _WIRE),
                    KnownCell("UDP", "wire_packets.udp", (_WIRE,)),
                    KnownCell("TCP", "wire_packets.tcp", (_WIRE,)),
                    KnownCell("IPv4", "wire_packets.ipv4", (_WIRE,), 3),
                    KnownCell("IPv6", "wire_packets.ipv6", (_WIRE,), 2),
                    KnownCell("queries", "wire_packets.queries", (_WIRE,)),
                    KnownCell("replies", _REPLIES, (_WIRE,)),
                    KnownCell("names", "cardinality.qname", (), 1),
                ),
            ),
            (
                "Xacts",
                (
                    KnownCell("", _XACTS),
                    KnownCell("in", "xact.in.total", (_XACTS,)),
                    KnownCell("out", "xact.out.total", (_XACTS,)),
                    KnownCell("timed out", "xact.counts.timed_out"),
                ),
            ),
            (
                "RCodes",
                (
                    KnownCell("NOERROR", "wire_packets.noerror", (_REPLIES,)),
                    KnownCell("SRVFAIL", "wire_packets.srvfail", (_REPLIES,)),
                    KnownCell("NXDOMAIN", "wire_packets.nxdomain", (_REPLIES,)),
                    KnownCell("REFUSED", "wire_packets.refused", (_REPLIES,)),
                    KnownCell("NODATA", "wire_packets.nodata", (_REPLIES,), 1),
                ),
            ),
        ),
        (
            KnownGauge("DNS/s", "rates.total", "pps"),
            KnownGauge("xact in ms", "xact.in.quantiles_us", "ms", 0, 1000),
            KnownGauge("xact out ms", "xact.out.quantiles_us", "ms", 0, 1000),
            KnownGauge("reply/query", "xact.ratio.quantiles", "ratio", 4),
            KnownGauge("DNS events/s", "rates.events", "pps", 5, 1, "rates.total"),
        ),
        ("wire_packets.deep_samples", "wire_packets.events"),
    ),
    KnownSchema(
        "dhcp",
        "wire_packets.ack",
        (
            (
                "DHCP",
                (
                    KnownCell("", _WIRE),
                    KnownCell("discover", "wire_packets.discover", (_WIRE,)),
                    KnownCell("offer", "wire_packets.offer", (_WIRE,)),
                    KnownCell("request", "wire_packets.request", (_WIRE,)),
                    KnownCell("ack", "wire_packets.ack", (_WIRE,)),
                    KnownCell("filtered", "wire_packets.filtered", (), 1),
                ),
            ),
        ),
        (KnownGauge("DHCP/s", "rates.total", "pps", 1),),
        ("wire_packets.deep_samples", "wire_packets.events"),
    ),
    KnownSchema("pcap", "os_drops", ()),
)

TABLES = (
    KnownTable("QName 2", "dns", "top_qname2", _WIRE),
    KnownTable("QName 3", "dns", "top_qname3", _WIRE),
    KnownTable("NXDOMAIN", "dns", "top_nxdomain", _REPLIES),
    KnownTable("Slow In", "dns", "xact.in.top_slow", _XACTS),
    KnownTable("QTypes", "dns", "top_qtype", _WIRE),
    KnownTable("RCodes", "dns", "top_rcode", _REPLIES),
    KnownTable("SRVFAIL", "dns", "top_srvfail", _REPLIES),
    KnownTable("Slow Out", "dns", "xact.out.top_slow", _XACTS),
    KnownTable("REFUSED", "dns", "top_refused", _REPLIES),
    KnownTable("IPv4", "packets", "top_ipv4", "deep_samples"),
    KnownTable("IPv6", "packets", "top_ipv6", "deep_samples"),
    KnownTable("DNS UDP Ports", "dns", "top_udp_ports", _WIRE),
    KnownTable("GeoLoc", "packets", "top_geoLoc", "deep_samples"),
    KnownTable("ASN", "packets", "top_ASN", "deep_samples"),
    KnownTable("NODATA", "dns", "top_nodata", _REPLIES),
)
