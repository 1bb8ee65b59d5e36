"""What the overview says of the handlers it knows, and how it draws the ones it does not.

Known schemas have lines written for them (what an operator looks for first) and an order of tables;
every other schema gets its counts, spreads and tables in the order they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pktvisor.tui.figures import Figures, Row, Spread

__all__ = ["Cell", "Line", "Panel", "lines", "panels"]

Schemas = Mapping[str, tuple[str, Figures]]


@dataclass(frozen=True)
class Cell:
    """One figure of a line: its value, the base of its share, and whether it yields on narrow screens."""

    label: str
    value: float | Spread | str
    base: float = 0
    minor: bool = False
    alarm: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the header."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Panel:
    """One table on the screen; `base` is what its shares are of, 0 for no shares."""

    title: str
    schema: str
    path: str
    rows: tuple[Row, ...]
    base: float = 0


@dataclass(frozen=True)
class _Known:
    title: str
    schema: str
    path: str
    base: str


_TOTAL, _REPLIES, _XACTS = "wire_packets.total", "wire_packets.replies", "xact.counts.total"
_KNOWN = (
    _Known("QName 2", "dns", "top_qname2", _TOTAL),
    _Known("QName 3", "dns", "top_qname3", _TOTAL),
    _Known("NXDOMAIN", "dns", "top_nxdomain", _REPLIES),
    _Known("Slow In", "dns", "xact.in.top_slow", _XACTS),
    _Known("QTypes", "dns", "top_qtype", _TOTAL),
    _Known("RCodes", "dns", "top_rcode", _REPLIES),
    _Known("SRVFAIL", "dns", "top_srvfail", _REPLIES),
    _Known("Slow Out", "dns", "xact.out.top_slow", _XACTS),
    _Known("REFUSED", "dns", "top_refused", _REPLIES),
    _Known("IPv4", "packets", "top_ipv4", "deep_samples"),
    _Known("IPv6", "packets", "top_ipv6", "deep_samples"),
    _Known("DNS UDP Ports", "dns", "top_udp_ports", _TOTAL),
    _Known("GeoLoc", "packets", "top_geoLoc", "deep_samples"),
    _Known("ASN", "packets", "top_ASN", "deep_samples"),
)
_FIRST = ("pcap", "packets", "dns", "dhcp")
_DEEP = {"dns": ("wire_packets.deep_samples", "wire_packets.events")}


def panels(schemas: Schemas) -> list[Panel]:
    """Every table there is: the known ones in their order, then the rest."""
    shown: list[Panel] = []
    placed: set[tuple[str, str]] = set()
    for known in _KNOWN:
        found = schemas.get(known.schema)
        if found is not None and known.path in found[1].tables:
            figures = found[1]
            base = figures.count(known.base) * _deep_share(known.schema, figures)
            table = figures.tables[known.path]
            shown.append(Panel(known.title, known.schema, known.path, table.rows, base))
            placed.add((known.schema, known.path))
    for schema, (_, figures) in schemas.items():
        for path, table in figures.tables.items():
            if (schema, path) not in placed:
                shown.append(Panel(_title(schema, path), schema, path, table.rows))
    return shown


def lines(schemas: Schemas) -> list[Line]:
    """The header's lines, only of handlers that are there."""
    ordered = sorted(schemas, key=lambda name: (_FIRST.index(name) if name in _FIRST else 9, name))
    return [line for schema in ordered for line in _lines(schema, schemas[schema][1])]


def _lines(schema: str, figures: Figures) -> Iterator[Line]:
    known = _WRITERS.get(schema)
    if known is not None and known[0] in figures.counts:
        yield from known[1](figures)
    else:
        yield from _any_lines(schema, figures)


def _packets(f: Figures) -> Iterator[Line]:
    total, sides = f.count("total"), f.count("in") + f.count("out")
    yield Line(
        "Packets",
        (
            Cell("total", total),
            Cell("UDP", f.count("udp"), total),
            Cell("TCP", f.count("tcp"), total),
            Cell("other", f.count("other_l4"), total, minor=True),
            Cell("IPv4", f.count("ipv4"), total, minor=True),
            Cell("IPv6", f.count("ipv6"), total),
            Cell("in", f.count("in"), sides),
            Cell("out", f.count("out"), sides),
            Cell("deep", f.count("deep_samples"), f.count("events"), minor=True),
        ),
    )
    yield Line(
        "Rates pps",
        (
            *_spreads(
                f, ("total", "rates.pps_total"), ("in", "rates.pps_in"), ("out", "rates.pps_out")
            ),
            Cell("IPs in", f.count("cardinality.src_ips_in")),
            Cell("IPs out", f.count("cardinality.dst_ips_out"), minor=True),
        ),
    )


def _dns(f: Figures) -> Iterator[Line]:
    total, replies = f.count(_TOTAL), f.count(_REPLIES)
    xacts = f.count(_XACTS)
    yield Line(
        "DNS",
        (
            Cell("wire", total),
            Cell("UDP", f.count("wire_packets.udp"), total),
            Cell("TCP", f.count("wire_packets.tcp"), total),
            Cell("IPv4", f.count("wire_packets.ipv4"), total, minor=True),
            Cell("IPv6", f.count("wire_packets.ipv6"), total, minor=True),
            Cell("queries", f.count("wire_packets.queries"), total),
            Cell("replies", replies, total),
            Cell("qnames", f.count("cardinality.qname")),
            *_spreads(f, ("pps", "rates.total")),
        ),
    )
    yield Line(
        "DNS xacts",
        (
            Cell("total", xacts),
            Cell("timed out", f.count("xact.counts.timed_out"), minor=True),
            Cell("in", f.count("xact.in.total"), xacts),
            Cell("out", f.count("xact.out.total"), xacts),
            *_latencies(f),
        ),
    )
    yield Line(
        "DNS rcodes",
        (
            Cell("NOERROR", f.count("wire_packets.noerror"), replies),
            Cell("NODATA", f.count("wire_packets.nodata"), replies, minor=True),
            Cell("SRVFAIL", f.count("wire_packets.srvfail"), replies),
            Cell("NXDOMAIN", f.count("wire_packets.nxdomain"), replies),
            Cell("REFUSED", f.count("wire_packets.refused"), replies),
        ),
    )


def _pcap(f: Figures) -> Iterator[Line]:
    cells = [
        ("TCP errors", "tcp_reassembly_errors"),
        ("OS drops", "os_drops"),
        ("IF drops", "if_drops"),
    ]
    yield Line("Drops", tuple(Cell(t, f.count(p), alarm=f.count(p) > 0) for t, p in cells))


def _dhcp(f: Figures) -> Iterator[Line]:
    total = f.count(_TOTAL)
    kinds = ("discover", "offer", "request", "ack")
    yield Line(
        "DHCP",
        (
            Cell("wire", total),
            *(Cell(kind, f.count(f"wire_packets.{kind}"), total) for kind in kinds),
            *_spreads(f, ("pps", "rates.total")),
        ),
    )


def _any_lines(schema: str, figures: Figures) -> Iterator[Line]:
    """Counts by eight and spreads by three to a line."""
    counts = [Cell(_spoken(path), value) for path, value in figures.counts.items()]
    for start in range(0, min(len(counts), 24), 8):
        yield Line(schema, tuple(counts[start : start + 8]))
    spreads = [Cell(_spoken(path), spread) for path, spread in figures.spreads.items()]
    for start in range(0, min(len(spreads), 9), 3):
        yield Line(schema, tuple(spreads[start : start + 3]))


# The path a schema must have for its writer: `dns` 2.0 shares the name of 1.0 but not its paths.
_WRITERS = {
    "packets": ("events", _packets),
    "dns": ("wire_packets.events", _dns),
    "pcap": ("os_drops", _pcap),
    "dhcp": ("wire_packets.ack", _dhcp),
}


def _spreads(f: Figures, *named: tuple[str, str]) -> Iterator[Cell]:
    for label, path in named:
        if path in f.spreads:
            yield Cell(label, f.spreads[path])


def _latencies(f: Figures) -> Iterator[Cell]:
    for label, path in (("in ms", "xact.in.quantiles_us"), ("out ms", "xact.out.quantiles_us")):
        spread = f.spreads.get(path)
        if spread is not None:
            yield Cell(label, Spread(path, tuple(q / 1000 for q in spread.quantiles)))


def _deep_share(schema: str, figures: Figures) -> float:
    """How much of the traffic the tables have seen, where their base counts all of it."""
    paths = _DEEP.get(schema)
    if paths is None:
        return 1
    deep, events = figures.count(paths[0]), figures.count(paths[1])
    return deep / events if events else 1


def _spoken(path: str) -> str:
    return path.replace("_", " ").replace(".", " ")


def _title(schema: str, path: str) -> str:
    return f"{schema} {_spoken(path).removeprefix('top ')}"
