"""Makes rows of cells from the lines of a table, if the layout keeps the columns apart.

A value under the wrong head misleads more than a value without a head. So a line whose
cells run into each other becomes one cell; if many lines do, all lines become one cell
each; heads that do not fill every column are dropped. Notes report what was unclear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from index.read.clean import normalise
from index.read.pdf.layout import Line, segment_text
from index.read.structure import Draft, numeric, table_draft, years
from index.text import BlockKind, MappedText, join

#: Columns of a table at most.
_COLUMNS = 40
#: Lines that the heads of a table have at most.
_HEAD_LINES = 4
#: Share of unclear lines from which none of a table is taken for clear.
_UNCLEAR = 0.3
#: Points by which a cell reaches into a column to count as in it.
_INTO = 3.0

NO_COLUMNS = "its columns could not be separated; each line is kept whole, without column heads"
NO_HEADS = "its column heads could not be separated and are left out"
SOME_HEADS = "some of its columns have no head"
SOME_LINES = "the cells of some lines could not be separated; these lines are kept whole"


@dataclass(frozen=True, slots=True)
class _Laid:
    """One line of a table in its columns."""

    line: Line
    cells: tuple[MappedText, ...]
    clear: bool  #: whether each of its values is in one column and follows the name of the row

    @property
    def data(self) -> bool:
        """Whether it holds a value."""
        return any(numeric(cell.text) for cell in self.cells[1:])

    @property
    def whole(self) -> list[MappedText]:
        """The line as one cell."""
        return [normalise(self.line.text).strip()]


def table_of(lines: Sequence[Line], *, captioned: bool) -> tuple[Draft, str]:
    """Return the draft of a table, and what is unclear about it; empty if all was understood.

    Rows of cells if most lines have several, else the lines as text.
    """
    lines = _rejoined(lines)
    celled = [line for line in lines if len(line.segments) > 1]
    columns = _columns(lines)
    if len(celled) < 2 or 2 * len(celled) < len(lines) or not 2 <= len(columns) <= _COLUMNS:
        text = join([normalise(line.text).strip() for line in lines], "\n")
        return Draft(BlockKind.TABLE, text), NO_COLUMNS if len(celled) > 1 and _values(lines) else ""
    laid = [_laid(line, columns) for line in lines]
    count = _head_lines(laid)
    heads, body = laid[:count], _unwrapped(laid[count:])
    unclear = sum(not row.clear for row in body)
    if unclear > max(1, _UNCLEAR * len(body)):
        return table_draft([row.whole for row in laid], header_rows=0), NO_COLUMNS if _values(lines) else ""
    rows = [list(row.cells) if row.clear else row.whole for row in body]
    notes = [SOME_LINES] if unclear else []
    if not heads:
        # A list of abbreviations has no heads, and its first line is not the head of the others.
        judged = None if captioned and not any(row.data for row in body) else 0
        return table_draft(rows, header_rows=judged), "; ".join(notes)
    head = [_filled(column) for column in zip(*(row.cells for row in heads), strict=True)]
    blank = sum(not cell.text for cell in head[1:])
    if 2 * blank < len(head) - 1 and all(row.clear for row in heads):
        notes[:0] = [SOME_HEADS] if blank else []
        return table_draft([head, *rows], header_rows=1), "; ".join(notes)
    rows = [*(row.whole for row in heads), *rows]
    return table_draft(rows, header_rows=0), "; ".join([NO_HEADS, *notes])


def _filled(cells: Sequence[MappedText]) -> MappedText:
    """Return the cells that hold text as one."""
    return join([cell for cell in cells if cell.text])


def _rejoined(lines: Sequence[Line]) -> list[Line]:
    """Join halves of one row that are a little higher or lower than each other, side by side."""
    done: list[Line] = []
    for line in lines:
        last = done[-1] if done else None
        level = last is not None and last.page == line.page and abs(last.y - line.y) < 0.6 * line.size
        if last is not None and level and (line.x0 > last.x1 or line.x1 < last.x0):
            both = tuple(sorted((*last.segments, *line.segments), key=lambda segment: segment.x0))
            done[-1] = replace(last, segments=both, x0=both[0].x0, x1=max(last.x1, line.x1))
        else:
            done.append(line)
    return done


def _values(lines: Sequence[Line]) -> bool:
    """Return whether several lines hold values: a table, and not the labels of a figure."""
    return sum(1 for line in lines if any(numeric(segment_text(s).text) for s in line.segments[1:])) > 1


def _columns(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Return the extents of the columns: of the cells in the fullest rows, joined where they overlap."""
    most = max((len(line.segments) for line in lines), default=0)
    extents = sorted(
        (segment.x0, segment.x1)
        for line in lines
        if len(line.segments) >= max(2, 0.7 * most)
        for segment in line.segments
    )
    columns: list[tuple[float, float]] = []
    for x0, x1 in extents:
        if columns and x0 < columns[-1][1] - 1.0:
            columns[-1] = (columns[-1][0], max(x1, columns[-1][1]))
        else:
            columns.append((x0, x1))
    return columns


def _laid(line: Line, columns: Sequence[tuple[float, float]]) -> _Laid:
    cells: list[list[MappedText]] = [[] for _ in columns]
    clear = True
    for segment in line.segments:
        overlaps = [min(x1, segment.x1) - max(x0, segment.x0) for x0, x1 in columns]
        nearest = max(range(len(columns)), key=lambda i: overlaps[i])
        text = normalise(segment_text(segment)).strip()
        cells[nearest].append(text)
        digits = any(character.isdigit() for character in text.text)
        across = digits and sum(overlap > _INTO for overlap in overlaps) > 1
        clear = clear and not (across and len(line.segments) > 1)
    two = any(sum(numeric(cell.text) for cell in cell_parts) > 1 for cell_parts in cells[1:])
    joined = tuple(join(parts) for parts in cells)
    filled = sum(1 for cell in joined[1:] if cell.text)
    values = any(numeric(cell.text) for cell in joined[1:])
    nameless = not joined[0].text and values and filled < len(columns) - 1
    return _Laid(line, joined, clear and not two and not nameless)


def _head_lines(laid: Sequence[_Laid]) -> int:
    """Return how many lines stand above the first that holds a value; 0 if there are no heads."""
    if years([cell.text for cell in laid[0].cells]):
        return 1
    data = next((i for i, row in enumerate(laid) if row.data), 0)
    if not data or data > _HEAD_LINES or 2 * data > len(laid):
        return 0
    while data > 1 and not any(cell.text for cell in laid[data - 1].cells[1:]):
        data -= 1  # a name above a group of rows
    return data


def _unwrapped(rows: Sequence[_Laid]) -> list[_Laid]:
    """Join lines that continue the words of the row above: the step to them is narrower."""
    named = [row for row in rows if row.cells[0].text]
    steps = [a.line.y - b.line.y for a, b in pairwise(named) if a.line.page == b.line.page]
    usual = median(step for step in steps if step > 0) if any(step > 0 for step in steps) else 0.0
    done: list[_Laid] = []
    last: Line | None = None
    for row in rows:
        nameless = not row.cells[0].text and not row.data
        near = last and row.line.page == last.page and 0 < last.y - row.line.y < 0.85 * usual
        if done and nameless and near:
            above = done[-1]
            cells = tuple(_filled(both) for both in zip(above.cells, row.cells, strict=True))
            done[-1] = _Laid(above.line, cells, above.clear)
        else:
            done.append(row)
        last = row.line
    return done
