"""Tables of which extraction left one cell a line: found, and put together into rows.

A row begins with the last words before a run of values: a value alone says nothing,
and which column it stood in can no longer be told, so such tables get no column heads.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from index.read import headings
from index.read.text.tables import table_draft, tabular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from index.read.structure import Draft
    from index.text import MappedText

_VALUE = re.compile(
    r"[<>\u2264\u2265\u2248=\u00b1~+\u2212\u2013(\[-]*\s*\.?\d.*|[\u2013\u2014-]|n\.?s\.?|n/?a|yes|no|p\s*[<>=].*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[a-z)\]]{2}[.;]$")
_ENTRY = re.compile(r"\[?\(?\d{1,3}[.)\]]\s+\D")
#: Lines that a table has at least, and words that a cell has at most.
_LINES = 8
_WORDS = 8


def gather_cells(groups: Iterable[Sequence[MappedText]]) -> list[list[MappedText]]:
    """Return the groups with each run of cells, across empty lines, as a group of its own."""
    lines = [(number, line) for number, group in enumerate(groups) for line in group]
    done: list[list[MappedText]] = []
    last: int | None = None  # the group that the last line was of; None behind a table
    for cells, stretch in groupby(lines, key=lambda item: _cell(item[1].text)):
        items = list(stretch)
        length = _table_lines([line for _, line in items]) if cells else 0
        if length:
            done.append([line for _, line in items[:length]])
            last = None
        for number, line in items[length:]:
            if number == last:
                done[-1].append(line)
            else:
                done.append([line])
            last = number
    return done


def cell_table(lines: Sequence[MappedText]) -> bool:
    """Tell whether these lines are the cells of a table."""
    return all(_cell(line.text) for line in lines) and _table_lines(lines) == len(lines)


def _table_lines(lines: Sequence[MappedText]) -> int:
    """Return how many of these cells, up to the last value, are a table; 0 where they are too few."""
    values = [number for number, line in enumerate(lines) if _VALUE.fullmatch(line.text.strip())]
    length = values[-1] + 1 if values else 0
    return length if length >= _LINES and 3 * len(values) >= length else 0


def _cell(line: str) -> bool:
    bare = line.strip()
    if tabular(line):
        return False
    if _VALUE.fullmatch(bare) and len(bare) <= 40 and not _ENTRY.match(bare):
        return True
    if len(bare.split()) > _WORDS or _SENTENCE_END.search(bare) or _ENTRY.match(bare):
        return False
    return not (headings.known_heading(bare) or headings.caption(bare) or bare.startswith(("#", "|")))


def rows_of_cells(lines: Sequence[MappedText]) -> Draft:
    """Return the table that cells make: a row is words and the values up to the next words."""
    rows: list[list[MappedText]] = [[]]
    for line in (line.strip() for line in lines):
        value = _VALUE.fullmatch(line.text) is not None
        if not value and rows[-1] and _VALUE.fullmatch(rows[-1][-1].text):
            rows.append([])
        elif value and len(rows[-1]) > 1 and not any(_VALUE.fullmatch(cell.text) for cell in rows[-1]):
            rows.append([rows[-1].pop()])  # what stood before are heads, whose columns are not known
        rows[-1].append(line)
    return table_draft(rows, header=False)
