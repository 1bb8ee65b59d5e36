"""Write the table on screen to files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Sheet", "export"]

_FORMULA = (*"=+-@", *"\t\r\n", *"\uff1d\uff0b\uff0d\uff20")  # the last ones are full-width


@dataclass(frozen=True)
class Sheet:
    """A table to write: names with a figure for the window, or one for each of the `periods`.

    `periods` holds start and length in seconds; empty, the only figure is called `estimate`.
    """

    policy: str
    metric: str
    rows: Sequence[tuple[str, Sequence[float]]]
    periods: Sequence[tuple[int, int]] = ()

    @property
    def columns(self) -> list[str]:
        """What the figures are called: the UTC time each period began."""
        if not self.periods:
            return ["estimate"]
        return [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at, _ in self.periods]


def export(sheet: Sheet, folder: Path) -> tuple[Path, Path]:
    """Write `pktvisor-<metric>.csv` and `.json`, never over a file that is there.

    In the CSV a name that a spreadsheet would run as a formula has an apostrophe before it, and every
    text is in quotes: it stays one cell whatever separator a spreadsheet goes by.
    Raises OSError when the folder cannot be written to.
    """
    stem = re.sub(r"[^a-zA-Z0-9]+", "-", f"pktvisor-{sheet.metric}").strip("-")
    number = 0
    while True:
        name = f"{stem}-{number}" if number else stem
        table, document = folder / f"{name}.csv", folder / f"{name}.json"
        if not table.exists() and not document.exists():
            break
        number += 1
    with table.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(("name", *sheet.columns))
        writer.writerows((_harmless(name), *figures) for name, figures in sheet.rows)
    with document.open("x", encoding="utf-8") as file:
        json.dump(_document(sheet), file, indent=1, ensure_ascii=False)
        file.write("\n")
    return table, document


def _harmless(text: str) -> str:
    """The text as spreadsheets take it for text: names come from the network, formulas run."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _document(sheet: Sheet) -> dict[str, object]:
    named = [dict(zip(sheet.columns, figures, strict=True)) for _, figures in sheet.rows]
    rows = [{"name": name, **n} for (name, _), n in zip(sheet.rows, named, strict=True)]
    return {"policy": sheet.policy, "metric": sheet.metric, "rows": rows}
