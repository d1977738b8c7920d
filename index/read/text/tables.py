"""Tables in text files: lines whose cells are set apart, and runs of lines that hold one cell each.

Text extraction may leave every cell on a line of its own. A row of such a table begins
with the last words before a run of values. Which column a value stood in is lost, so
these tables get no column heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from index.read import headings
from index.read.structure import Draft, table_draft
from index.text import MappedText

#: An item of a list whose mark is followed by a tab: no row.
_MARKED_ITEM = re.compile(r"(?:[^\w\s]|\(?\d{1,3}[.)]|\(?[a-z][.)])\t[^\t]*")
_GAP = r"(?<=\S) {3,}(?=\S)"
#: Characters of a cell set apart by wide gaps; a longer one is a column of running text.
_CELL = 40
#: Signs before the number of a value.
_SIGNS = "<>\u2264\u2265\u2248=\u00b1~+\u2212\u2013([-"
#: Values that are no numbers.
_MARKS = frozenset({"-", "\u2013", "\u2014", "ns", "n.s", "ns.", "n.s.", "na", "n/a", "yes", "no"})
#: Lines that a table of one cell a line has at least, and words that a cell has at most.
_LINES = 8
_WORDS = 8


def tabular(line: str) -> bool:
    """Return whether a line has cells: a tab inside, pipes around, or two wide gaps between short cells."""
    bare = line.strip()
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
        return True
    if "\t" in bare:
        return _MARKED_ITEM.fullmatch(bare) is None
    cells = re.split(_GAP, bare)
    return len(cells) >= 3 and max(map(len, cells)) <= _CELL


def table_of_lines(lines: Sequence[MappedText]) -> Draft:
    """Return the table that lines make: one cell each, or cells set apart.

    Cells separated by wide gaps are split only if every line has the same number of them.
    Otherwise a row is kept as one cell: a value must not get the head of another.
    """
    if cell_lines(lines):
        return table_draft(_rows_of_cells(lines), header_rows=0)
    kept = [line for line in lines if line.text.strip(" \t|:+=-")]
    rows = [_cells(line) for line in kept]
    gapped = any("\t" not in line.text.strip() and not line.text.strip().startswith("|") for line in kept)
    if gapped and len({len(row) for row in rows}) > 1:
        rows = [[line.strip()] for line in kept]
    ruled = len(lines) > 1 and lines[1] not in kept
    return table_draft(rows, header_rows=1 if ruled else None)


def _cells(line: MappedText) -> list[MappedText]:
    line = line.strip()
    border = _GAP
    if "\t" in line.text:
        border = "\t"
    elif line.text.startswith("|"):
        line, border = line[1 : len(line) - 1], r"(?<!\\)\|"
    cells = [cell.strip() for cell in line.split(border)]
    return cells if border == "\t" else [cell.sub(r"\\\|", "|") for cell in cells]


def gather_cells(groups: Iterable[Sequence[MappedText]]) -> list[list[MappedText]]:
    """Return the groups, each run of one-cell lines, across empty lines, as a group of its own."""
    lines = [(number, line) for number, group in enumerate(groups) for line in group]
    done: list[list[MappedText]] = []
    last: int | None = None  # the group that the last line was in; None after a table
    for cells, stretch in groupby(lines, key=lambda item: _cell(item[1].text)):
        items = list(stretch)
        length = _table_length([line for _, line in items]) if cells else 0
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


def cell_lines(lines: Sequence[MappedText]) -> bool:
    """Return whether the lines are a table of one cell a line."""
    return all(_cell(line.text) for line in lines) and _table_length(lines) == len(lines)


def _table_length(lines: Sequence[MappedText]) -> int:
    """Return how many of these cells, up to the last value, are a table; 0 if they are too few."""
    values = [number for number, line in enumerate(lines) if _value(line.text.strip())]
    length = values[-1] + 1 if values else 0
    return length if length >= _LINES and 3 * len(values) >= length else 0


def _value(cell: str) -> bool:
    """Return whether all of a cell is a value: a number with its signs, a mark, a p value."""
    cell = cell.lower()
    number = cell.lstrip(_SIGNS).lstrip().removeprefix(".")
    p_value = cell.startswith("p") and cell[1:].lstrip().startswith(("<", ">", "="))
    return number[:1].isdecimal() or cell in _MARKS or p_value


def _cell(line: str) -> bool:
    bare = line.strip()
    if tabular(line) or headings.entry_number(bare):
        return False
    if _value(bare) and len(bare) <= _CELL:
        return True
    if len(bare.split()) > _WORDS or re.search(r"[a-z)\]]{2}[.;]$", bare):
        return False
    return not (headings.known_heading(bare) or headings.caption(bare) or bare.startswith(("#", "|")))


def _rows_of_cells(lines: Sequence[MappedText]) -> list[list[MappedText]]:
    """Return the rows: words, and the values up to the next words."""
    rows: list[list[MappedText]] = [[]]
    for line in (line.strip() for line in lines):
        value = _value(line.text)
        if not value and rows[-1] and _value(rows[-1][-1].text):
            rows.append([])
        elif value and len(rows[-1]) > 1 and not any(_value(cell.text) for cell in rows[-1]):
            rows.append([rows[-1].pop()])  # the words before are heads whose columns are unknown
        rows[-1].append(line)
    return rows
