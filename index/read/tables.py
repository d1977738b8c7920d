"""The model of a table that all readers share: rows of cells, laid out as one block.

Each reader finds cells in its own way (tabs and gaps in lines, one cell a line, places on
a page, markup) and passes them on as rows of ``MappedText``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.structure import Draft
from index.text import BlockKind, MappedText, Span, join

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The beginning of a value; "95% CI" is the name of one.
_NUMERIC = re.compile(r"\s*[<>\u2264\u2265\u00b1~+\u2212(-]*\s*\d(?!\d* ?% ?CI)")


def table_draft(
    rows: Sequence[Sequence[MappedText]], *, header_rows: int | None = None, label: str = ""
) -> Draft:
    """Return the table with these cells.

    Rows are joined by line feeds and cells by tabs, both with the origin of the
    character before. Rows without text are left out.

    Args:
        rows: the cells of each row.
        header_rows: how many rows from the top hold column heads, the last row never;
            None to judge the first row by its cells.
        label: see ``Draft.label``.
    """
    rows = [row for row in rows if any(cell.text for cell in row)]
    if header_rows is None:
        header_rows = int(len(rows) > 1 and _is_header(rows))
    origin = next((cell.origins[0] for row in rows for cell in row if cell.text), 0)
    parts: list[MappedText] = []
    spans: list[tuple[Span, ...]] = []
    at = 0
    for row in rows:
        row_spans: list[Span] = []
        for number, cell in enumerate(row):
            if parts:
                parts.append(MappedText("\t" if number else "\n", [origin]))
                at += 1
            parts.append(cell)
            row_spans.append(Span(at, at + len(cell)))
            at += len(cell)
            origin = cell.origins[-1] if cell.text else origin
        spans.append(tuple(row_spans))
    return Draft(
        BlockKind.TABLE,
        join(parts, ""),
        rows=tuple(spans),
        header_rows=max(min(header_rows, len(rows) - 1), 0),
        label=label,
    )


def numeric(cell: str) -> bool:
    """Return whether a cell begins as a value does."""
    return _NUMERIC.match(cell) is not None


def years(cells: Sequence[str]) -> bool:
    """Return whether cells are a name, if any, and years: heads, although they are numbers."""
    return len(cells) > 1 and all(map(_is_year, cells[1:])) and not numeric(cells[0])


def _is_year(cell: str) -> bool:
    return len(cell) == 4 and cell.isdecimal() and cell.startswith(("19", "20"))


def _is_header(rows: Sequence[Sequence[MappedText]]) -> bool:
    """Return whether the first row holds words above numbers, or years above other numbers."""
    first, *rest = ([cell.text for cell in row] for row in rows)
    below = [cell for row in rest for cell in row if numeric(cell)]
    if years(first):
        return not all(map(_is_year, below))
    if any(map(numeric, first)):
        return False
    return bool(below) or not any(character.isdigit() for cell in first for character in cell)
