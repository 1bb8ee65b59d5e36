"""What the overview says: the lines, gauges and tables of every schema a policy has.

Known schemas have theirs written down, what an operator looks for first; of every other one the
counts are lines and tables, spreads are gauges, lists and histograms are tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pktvisor.tui.figures import Figures, Row, Schemas, Source, Spread, spoken
from pktvisor.tui.known_schemas import TABLES, KnownCell, KnownSchema, known_schema
from pktvisor.tui.ledger import Ledger, drops_line
from pktvisor.tui.parts import LONGEST_LABEL, Cell, Gauge, Line, Panel

__all__ = ["gauges", "lines", "panels"]

_FIRST = ("packets", "dns", "dhcp")
_IN_SIGHT = 4


def lines(schemas: Schemas, ledger: Ledger | None = None) -> list[Line]:
    """The header's lines, of the handlers that are there; the losses come last."""
    found = [line for name in _ordered(schemas) for line in _lines(name, schemas[name][1])]
    windows = [f.counts for n, (_, f) in schemas.items() if _base(n) == "pcap"]
    drops = drops_line(ledger, windows[0] if windows else None)
    return [*found, drops] if drops else found


def gauges(schemas: Schemas) -> list[Gauge]:
    """Rates, latencies and sizes of every schema; those one can do without have a rank."""
    return [gauge for name in _ordered(schemas) for gauge in _gauges(name, schemas[name][1])]


def panels(schemas: Schemas) -> list[Panel]:
    """Every table there is: the known ones in their order, then the rest; empty ones last."""
    shown = [*_known_panels(schemas)]
    placed = {(panel.schema, panel.path) for panel in shown}
    for name in _ordered(schemas):
        others = _other_panels(name, schemas[name][1])
        shown.extend(panel for panel in others if (name, panel.path) not in placed)
    return sorted(shown, key=lambda panel: not panel.rows)


def _ordered(schemas: Schemas) -> list[str]:
    def place(name: str) -> tuple[int, str]:
        base = _base(name)
        return (_FIRST.index(base) if base in _FIRST else len(_FIRST), name)

    return sorted(schemas, key=place)


def _base(name: str) -> str:
    """The schema's own name: of two handlers with one schema the second is `dns (its name)`."""
    return name.partition(" (")[0]


def _lines(name: str, figures: Figures) -> Iterator[Line]:
    known = known_schema(_base(name), figures)
    if known is not None:
        for title, cells in known.lines:
            yield Line(title, tuple(_cell(cell, figures) for cell in cells))
        return
    for group, paths in figures.groups().items():
        prefix = f"{group}." if group else ""
        yield Line(
            f"{name} {group}".strip(),
            tuple(
                Cell(spoken(path.removeprefix(prefix)), figures.counts[path], 0, place)
                for place, path in enumerate(paths)
            ),
        )


def _cell(cell: KnownCell, figures: Figures) -> Cell:
    base = sum(figures.count(path) for path in cell.base)
    return Cell(cell.label, figures.count(cell.path), base, cell.rank)


def _gauges(name: str, figures: Figures) -> Iterator[Gauge]:
    known = known_schema(_base(name), figures)
    placed = set()
    for item in known.gauges if known else ():
        spread = figures.spreads.get(item.path)
        placed.add(item.path)
        if spread is not None and not _same(spread, figures.spreads.get(item.beside)):
            scaled = Spread(item.path, tuple(q / item.scale for q in spread.quantiles), spread.live)
            yield Gauge(f"{name}.{item.path}", item.label, item.unit, scaled, item.rank)
    for place, (path, spread) in enumerate(figures.spreads.items()):
        if path not in placed:
            rank = 9 if known else place // _IN_SIGHT
            unit, label = figures.unit(path), f"{name} {spoken(path)}"
            if unit and len(label) + len(unit) < LONGEST_LABEL:
                label += f" {unit}"
            yield Gauge(f"{name}.{path}", label, unit or path, spread, rank)


def _same(spread: Spread, other: Spread | None) -> bool:
    return other is not None and spread == replace(other, path=spread.path)


def _known_panels(schemas: Schemas) -> Iterator[Panel]:
    for table in TABLES:
        for name, (_, figures) in schemas.items():
            known = known_schema(table.schema, figures)
            if known is None or _base(name) != table.schema or table.path not in figures.tables:
                continue
            base = figures.count(table.base) * _deep_share(known, figures)
            title = table.title + name.removeprefix(table.schema)
            yield Panel(title, name, table.path, figures.tables[table.path], base)


def _other_panels(name: str, figures: Figures) -> Iterator[Panel]:
    if known_schema(_base(name), figures) is None:
        for group in figures.groups():
            yield _panel(name, figures, "counts", group)
    for path in figures.tables:
        yield _panel(name, figures, "table", path)
    for path in figures.histograms:
        yield _panel(name, figures, "histogram", path)


def _panel(name: str, figures: Figures, source: Source, path: str) -> Panel:
    title = spoken(path).replace("top ", "")
    rows: tuple[Row, ...] = figures.rows(source, path)
    return Panel(f"{name} {title}".strip(), name, path, rows, 0, source)


def _deep_share(known: KnownSchema, figures: Figures) -> float:
    """How much of the traffic the tables have seen, where their base counts all of it."""
    if known.deep is None:
        return 1
    deep, events = (figures.count(path) for path in known.deep)
    return deep / events if events else 1
