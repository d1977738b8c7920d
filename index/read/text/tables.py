"""Tables in text: cells set apart by tabs, pipes or wide gaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.structure import Draft
from index.text import BlockKind, MappedText, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKED_ITEM = re.compile(r"(?:[^\w\s]|\(?\d{1,3}[.)]|\(?[a-z][.)])\t[^\t]*")
_GAP = re.compile(r"(?<=\S) {3,}(?=\S)")
_RULE = re.compile(r"[\s|:+=-]+")
_NUMERIC = re.compile(r"\s*[<>\u2264\u2265\u00b1~+\u2212(-]*\s*\d(?!\d* ?% ?CI)")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Characters that a cell set apart by wide gaps may have; more is a column of running text.
_CELL = 40


def tabular(line: str) -> bool:
    """Tell whether a line has cells: a tab inside, pipes around, or two wide gaps between short cells."""
    bare = line.strip()
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
        return True
    if "\t" in bare:
        return _MARKED_ITEM.fullmatch(bare) is None
    cells = _GAP.split(bare)
    return len(cells) >= 3 and max(map(len, cells)) <= _CELL


def table_of_lines(lines: Sequence[MappedText]) -> Draft:
    """Return the table that tabular lines make.

    Cells in wide gaps are told apart only where each line has as many of them;
    else a row is kept as one cell, since a value must not get another's header.
    """
    ruled = len(lines) > 1 and _RULE.fullmatch(lines[1].text) is not None
    kept = [line for line in lines if not _RULE.fullmatch(line.text)]
    rows = [_cells(line) for line in kept]
    if any(_gapped(line.text) for line in kept) and len({len(row) for row in rows}) > 1:
        rows = [[line.strip()] for line in kept]
    return table_draft(rows, header=True if ruled else None)


def _gapped(line: str) -> bool:
    return "\t" not in line.strip() and not line.strip().startswith("|")


def _cells(line: MappedText) -> list[MappedText]:
    line = line.strip()
    if "\t" in line.text:
        return _split(line, re.finditer("\t", line.text))
    if line.text.startswith("|"):
        inner = line[1 : len(line) - 1]
        return _split(inner, re.finditer(r"(?<!\\)\|", inner.text))
    return _split(line, _GAP.finditer(line.text))


def _split(line: MappedText, borders: Iterable[re.Match[str]]) -> list[MappedText]:
    cells: list[MappedText] = []
    at = 0
    for border in borders:
        cells.append(line[at : border.start()].strip())
        at = border.end()
    return [*cells, line[at:].strip()]


def table_draft(rows: Sequence[Sequence[MappedText]], *, header: bool | None = None) -> Draft:
    """Return the table with these cells.

    Rows are joined by line feeds and cells by tabs, both with the origin of the
    character before. Rows without text are left out.

    Args:
        rows: the cells of each row.
        header: whether the first row holds column heads; None to judge by its cells.
    """
    rows = [row for row in rows if any(cell.text for cell in row)]
    first = next((cell.origins[0] for row in rows for cell in row if cell.text), 0)
    texts: list[str] = []
    origins: list[int] = []
    spans: list[tuple[Span, ...]] = []
    length = 0
    for row in rows:
        row_spans: list[Span] = []
        for number, cell in enumerate(row):
            if texts:
                texts.append("\t" if number else "\n")
                origins.append(origins[-1] if origins else first)
                length += 1
            row_spans.append(Span(length, length + len(cell)))
            texts.append(cell.text)
            origins += cell.origins
            length += len(cell)
        spans.append(tuple(row_spans))
    headed = len(rows) > 1 and (_is_header(rows) if header is None else header)
    text = MappedText("".join(texts), origins)
    return Draft(BlockKind.TABLE, text, rows=tuple(spans), header_rows=int(headed))


def numeric(cell: str) -> bool:
    """Tell whether a cell begins as a value does."""
    return _NUMERIC.match(cell) is not None


def years(cells: Sequence[str]) -> bool:
    """Tell whether cells are a name, if any, and years: heads, though they are numbers."""
    return len(cells) > 1 and all(map(_YEAR.fullmatch, cells[1:])) and not numeric(cells[0])


def _is_header(rows: Sequence[Sequence[MappedText]]) -> bool:
    """Tell whether the first row holds words above numbers, or years above other numbers."""
    first, *rest = ([cell.text for cell in row] for row in rows)
    if years(first):
        return any(_NUMERIC.match(cell) and not _YEAR.fullmatch(cell) for row in rest for cell in row)
    words = not any(_NUMERIC.match(cell) for cell in first)
    return words and (
        not any(c.isdigit() for cell in first for c in cell)
        or any(_NUMERIC.match(cell) for row in rest for cell in row)
    )
