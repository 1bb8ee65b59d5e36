"""Write the table on screen to files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from pktvisor.tui.figures import Row
from pktvisor.tui.overview import Panel

__all__ = ["export"]


def export(panel: Panel, rows: list[Row], folder: Path) -> tuple[Path, Path]:
    """Write rows as `pktvisor-<schema>-<path>.csv` and `.json`, never over a file that is there.

    Raises OSError when the folder cannot be written to.
    """
    stem = re.sub(r"[^a-zA-Z0-9]+", "-", f"pktvisor-{panel.schema}-{panel.path}").strip("-")
    number = 0
    while True:
        name = f"{stem}-{number}" if number else stem
        table, document = folder / f"{name}.csv", folder / f"{name}.json"
        if not table.exists() and not document.exists():
            break
        number += 1
    with table.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "estimate"))
        writer.writerows((row.name, row.estimate) for row in rows)
    items = [{"name": row.name, "estimate": row.estimate} for row in rows]
    document.write_text(json.dumps({"metric": panel.path, "rows": items}, indent=1) + "\n", "utf-8")
    return table, document
