"""Lines of a table -> rows of cells, where the layout tells the columns apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.clean import normalise
from index.layout import segment_text
from index.readers.text_tables import table_draft
from index.structure import Draft
from index.text import BlockKind, MappedText, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.layout import Line

WIDEST = 40


def table_of(lines: Sequence[Line]) -> Draft:
    """Return the draft of a table: as rows of cells where most lines have several, else as text."""
    celled = [line for line in lines if len(line.segments) > 1]
    columns = _columns(lines)
    if len(celled) < 2 or 2 * len(celled) < len(lines) or not 2 <= len(columns) <= WIDEST:
        return Draft(BlockKind.TABLE, join([normalise(line.text).strip() for line in lines], "\n"))
    return table_draft([_row(line, columns) for line in lines])


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


def _row(line: Line, columns: Sequence[tuple[float, float]]) -> list[MappedText]:
    cells: list[list[MappedText]] = [[] for _ in columns]
    for segment in line.segments:
        overlaps = [min(x1, segment.x1) - max(x0, segment.x0) for x0, x1 in columns]
        nearest = max(range(len(columns)), key=lambda i: overlaps[i])
        cells[nearest].append(normalise(segment_text(segment)).strip())
    return [join(cell) for cell in cells]
