"""What is written to files: any spreadsheet may open it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pktvisor.tui.export import Sheet, export


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A",
    ],
)
def test_a_name_that_a_spreadsheet_would_run_is_text_in_the_csv(tmp_path: Path, name: str) -> None:
    table, document = export(Sheet("p", "dns.top", [(name, [-7])]), tmp_path)
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["name", "estimate"], [f"'{name}", "-7"]]
    assert json.loads(document.read_text("utf-8"))["rows"] == [{"name": name, "estimate": -7}]


def test_ordinary_names_and_negative_figures_are_written_as_they_are(tmp_path: Path) -> None:
    table, _ = export(
        Sheet("p", "dns.top", [("a-b.example", [-1.5]), ("2001:db8::1", [3])]), tmp_path
    )
    assert table.read_text("utf-8").splitlines()[1:] == ['"a-b.example",-1.5', '"2001:db8::1",3']


def test_a_name_with_another_separator_stays_one_cell_that_is_no_formula(tmp_path: Path) -> None:
    table, _ = export(Sheet("p", "dns.top", [("a;=1+1", [3]), ("b\t=1", [2])]), tmp_path)
    text = table.read_text("utf-8")
    assert text == '"name","estimate"\n"a;=1+1",3\n"b\t=1",2\n'
    for separator in ";\t":
        rows = list(csv.reader(text.splitlines(), delimiter=separator))
        assert {len(row) for row in rows} == {1}
