"""Evidence tables as XLSX. Every cell with text is written as text, so nothing in it runs as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from qa.show.citation import Style, in_words
from qa.show.evidence import EvidenceTable, cell_text, has_values, records
from qa.show.export import COLUMNS
from qa.show.terminal import visible

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


_LONGEST = 32_767  #: characters that a cell can hold
_CUT = " … [cut: the cell is full]"
_NUMBERS = frozenset({"year", "start", "end", "confidence"})


def as_xlsx(table: EvidenceTable) -> bytes:
    """Return a workbook: the table as it is read, and on a second sheet the rows of its CSV."""
    from xlsxwriter import Workbook

    stream = BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        # With a quote prefix, a cell stays text when someone edits it.
        text = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        head = book.add_format({"text_wrap": True, "valign": "top", "bold": True, "quote_prefix": True})
        sheet = book.add_worksheet("Table")
        _write(sheet, _rows(table), ("Paper", "Year", *table.questions, "Reference"), head, text)
        sheet.set_column(0, 0, 36)
        sheet.set_column(2, len(table.questions) + 2, 60)
        cells = ([_typed(name, row.get(name, "")) for name in COLUMNS] for row in records(table))
        _write(book.add_worksheet("Quotes"), cells, COLUMNS, head, text)
    return stream.getvalue()


def _rows(table: EvidenceTable) -> Iterable[list[object]]:
    valued = [has_values(table, at) for at in range(len(table.questions))]
    for row in table.rows:
        cells = [cell_text(cell, value=value) for cell, value in zip(row.cells, valued, strict=True)]
        yield [row.name, row.paper.year or "", *cells, in_words(row.paper, Style.VANCOUVER)]


def _typed(name: str, value: object) -> object:
    return float(str(value)) if name in _NUMBERS and value != "" else value


def _write(
    sheet: Worksheet, rows: Iterable[Sequence[object]], heads: Sequence[str], head: Format, text: Format
) -> None:
    """Write heads that stay in view and can be filtered by, and the rows."""
    for column, words in enumerate(heads):
        sheet.write_string(0, column, _fitting(words), head)
    last = 0
    for last, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write_number(last, column, value, text)
            elif value:
                sheet.write_string(last, column, _fitting(str(value)), text)
    sheet.autofilter(0, 0, last, len(heads) - 1)
    sheet.freeze_panes(1, 1)


def _fitting(text: str) -> str:
    """Return ``text`` with unseen characters written out; what does not fit into a cell is said to be cut."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - len(_CUT)] + _CUT
