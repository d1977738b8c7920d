"""Lines of a table -> rows of cells, where the layout tells the columns apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.clean import normalise
from index.layout import segment_text
from index.readers.text_tables import table_draft
from index.structure import Draft
from index.text import BlockKind, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.layout import Line


def table_of(lines: Sequence[Line]) -> Draft:
    """Return the draft of a table: as rows of cells where most lines have several, else as text."""
    celled = [line for line in lines if line.celled]
    if len(celled) < 2 or 2 * len(celled) < len(lines):
        return Draft(BlockKind.TABLE, join([normalise(line.text).strip() for line in lines], "\n"))
    return table_draft([[normalise(segment_text(cell)).strip() for cell in line.segments] for line in lines])
