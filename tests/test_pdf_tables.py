"""Tables in PDFs: rows if the columns can be separated, a warning if not."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read import read
from index.text import Document
from tests.documents import grid
from tests.make_pdf import LEFT, Sheet, Words, column, pdf

COLUMNS = (72, 200, 300, 400)


def lay(*rows: tuple[str, ...], step: float = 14.0, places: tuple[float, ...] = COLUMNS) -> list[Words]:
    """Return cells below each other; an empty one leaves a gap."""
    return [
        Words(text, x, 600 - i * step, 8)
        for i, row in enumerate(rows)
        for x, text in zip(places, row, strict=False)
        if text
    ]


def table_page(folder: Path, cells: list[Words]) -> Document:
    """Read a page with a captioned table between running text."""
    text = [*column(LEFT, 72, 740), Words("Table 1: Values on admission.", 72, 620, 8, "F2"), *cells]
    below = column(LEFT, 72, 360)
    path = folder / "table.pdf"
    path.write_bytes(pdf([Sheet([Words("1. Results", 72, 760, 12, "F2"), *text, *below])]))
    return read(path)


DATA = (("CK", "9641", "30-200", "U/L"), ("CRP", "12", "0-5", "mg/L"), ("AST", "310", "10-40", "U/L"))


def test_heads_of_two_lines_are_joined_column_by_column(tmp_path: Path) -> None:
    head = (("Test", "Value on", "Reference", "Unit"), ("", "admission", "range", ""))
    document = table_page(tmp_path, lay(*head, *DATA))
    assert grid(document) == (
        ["Test", "Value on admission", "Reference range", "Unit"],
        [list(row) for row in DATA],
    )
    assert document.warnings == ()


def test_heads_that_span_columns_are_left_out_and_reported(tmp_path: Path) -> None:
    document = table_page(tmp_path, lay(("", "Women", "", ""), *DATA))
    head, rows = grid(document)
    assert head == []
    assert rows[1:] == [list(row) for row in DATA]
    assert document.warnings == ("page 1, Table 1: its column heads could not be separated and are left out",)


def test_a_line_whose_values_run_together_is_kept_whole(tmp_path: Path) -> None:
    rows = [Words("CK 9641 30-200", 150, 530, 8), Words("U/L", 400, 530, 8)]
    rows += [Words("see the text for all of these 1-3 values and more", 72, 516, 8), Words("mg", 400, 516, 8)]
    document = table_page(tmp_path, lay(("Test", "Value", "Range", "Unit"), *DATA, *DATA[:1]) + rows)
    head, cells = grid(document)
    assert head == ["Test", "Value", "Range", "Unit"]
    assert ["see the text for all of these 1-3 values and more mg"] in cells
    assert list(DATA[0]) in cells
    assert document.warnings == (
        "page 1, Table 1: the cells of some lines could not be separated; these lines are kept whole",
    )


def test_values_without_the_name_of_their_row_are_not_set_under_heads(tmp_path: Path) -> None:
    wrapped = (
        ("Mean", "1.2 ±", "3.4 ±", "5.6 ±"),
        ("", "0.3", "", "0.5"),
        ("Most", "2.2 ±", "4.4 ±", "6.6 ±"),
    )
    document = table_page(tmp_path, lay(("", "A", "B", "C"), *wrapped, ("", "0.1", "", "0.9")))
    head, rows = grid(document)
    assert head == []
    assert ["0.3 0.5"] in rows
    assert "its columns could not be separated" in document.warnings[0]


def test_halves_of_a_row_at_slightly_different_heights_are_one_row(tmp_path: Path) -> None:
    cells = lay(("Test", "Value", "Range", "Unit"), *DATA)
    lower = [Words(w.text, w.x, w.y - (3.2 if w.x > 250 and w.y < 580 else 0), w.size) for w in cells]
    assert grid(table_page(tmp_path, lower))[1] == [list(row) for row in DATA]


def test_words_at_a_smaller_line_step_belong_to_the_row_above(tmp_path: Path) -> None:
    cells = lay(("Test", "Value", "Range", "Unit"), *DATA, step=24.0)
    cells += [Words("on a good day", 300, 600 - 24 - 9, 8)]
    _, rows = grid(table_page(tmp_path, cells))
    assert rows[0] == ["CK", "9641", "30-200 on a good day", "U/L"]


def test_rows_keep_their_page(tmp_path: Path) -> None:
    document = table_page(tmp_path, lay(("", "Value", "Range", "Unit"), *DATA))
    assert all(document.map.place(row.span).page == 1 for row in document.tables[0].rows)


def test_statements_after_the_paper_are_notes(tmp_path: Path) -> None:
    words = [Words("1. Results", 72, 760, 12, "F2"), *column(LEFT, 72, 740)]
    words += [Words("Conflict of Interests", 72, 600, 12, "F2"), *column(LEFT[5:], 72, 584)]
    path = tmp_path / "back.pdf"
    path.write_bytes(pdf([Sheet(words)]))
    kinds = [str(block.kind) for block in read(path).blocks]
    assert kinds == ["heading", "paragraph", "heading", "note"]


def uncaptioned_page(folder: Path, cells: list[Words]) -> Document:
    """Read a page with cells under running text and no caption."""
    path = folder / "chart.pdf"
    path.write_bytes(pdf([Sheet([*column(LEFT, 72, 740), *cells, *column(LEFT, 72, 330)])]))
    return read(path)


#: Two linear axes, one logarithmic axis, and one along the foot of a chart.
TWO_AXES = lay(*((str(value), f"{value / 100}") for value in range(150, -60, -50)), step=20)
LOGARITHMIC = lay(("1000", "0.1"), ("100", "0.01"), ("10", "0.001"), ("1", "0.0001"))
ALONG = lay(("0", "5", "10"), ("0", "20", "40"), places=(100, 200, 300))


@pytest.mark.parametrize("ticks", [TWO_AXES, LOGARITHMIC, ALONG])
def test_numbers_along_the_axes_of_a_chart_are_no_table(tmp_path: Path, ticks: list[Words]) -> None:
    document = uncaptioned_page(tmp_path, ticks)
    assert document.tables == ()
    assert document.warnings == ("page 1: the numbers along the axes of a chart were left out",)


@pytest.mark.parametrize(
    "rows",
    [
        (("1", "9641", "30"), ("2", "12", "5"), ("3", "310", "40"), ("4", "77", "8")),  # numbered rows
        (("Day", "CK"), ("0", "100"), ("1", "200"), ("2", "300")),  # a straight course, but named
        (("1.2", "3.4"), ("0.7", "2.9"), ("1.5", "3.1")),  # measurements
    ],
)
def test_rows_of_numbers_that_no_axis_has_stay_a_table(
    tmp_path: Path, rows: tuple[tuple[str, ...], ...]
) -> None:
    document = uncaptioned_page(tmp_path, lay(*rows))
    assert len(document.tables) == 1
    assert document.warnings == ()


def test_a_captioned_table_stays_one_whatever_its_numbers(tmp_path: Path) -> None:
    assert len(table_page(tmp_path, TWO_AXES).tables) == 1
