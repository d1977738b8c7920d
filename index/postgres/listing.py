"""The papers of a generation, and the numbering of their passages and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from index.store.manifest import Counts
from index.text import Byline


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a paper without reading it."""

    id: str
    source: str  #: file name
    used: bool
    reading: str  #: see ``PaperRows``
    byline: Byline
    passages: int
    sentences: int
    length: int  #: terms in its passages

    #: Gives the arguments of ``of``, in order of id.
    QUERY: ClassVar[str] = (
        "SELECT id, source, used, reading, title, authors, year, passages, sentences, length "
        "FROM papers ORDER BY id"
    )

    @classmethod
    def of(cls, row: Sequence[Any]) -> Row:
        """Return the paper in a row of ``QUERY``."""
        key, source, used, reading, title, authors, year, *numbers = row
        return cls(key, source, used, reading, Byline(title, tuple(authors), year), *numbers)


class Numbering:
    """Numbers the rows of one kind, those of a paper one after the other, as ``Order`` does."""

    def __init__(self, ids: Sequence[str], counts: Sequence[int]) -> None:
        self._ids = ids
        self._numbers = {key: number for number, key in enumerate(ids)}
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def row(self, paper: str, number: int) -> int:
        """Return the row of the one that is ``number`` in its paper."""
        return int(self._starts[self._numbers[paper]]) + number

    def rows_of(self, paper: str) -> range:
        """Return all rows of a paper."""
        number = self._numbers[paper]
        return range(*self._starts[number : number + 2].tolist())

    def split(self, rows: Sequence[int]) -> tuple[list[str], list[int]]:
        """Return the paper of each row, and its number there.

        Raises:
            IndexError: a row is out of range.
        """
        asked = np.array(rows, np.int64)
        if len(wrong := asked[(asked < 0) | (asked >= len(self))]):
            raise IndexError(f"row {wrong[0]} of {len(self)}")
        owners = np.searchsorted(self._starts, asked, side="right") - 1
        return [self._ids[owner] for owner in owners.tolist()], (asked - self._starts[owners]).tolist()


class Listing:
    """The papers of a generation, in order of id."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take the rows of ``Row.QUERY``."""
        self.all = [Row.of(row) for row in rows]
        self.used = [row for row in self.all if row.used]
        ids = [row.id for row in self.used]
        self.passages = Numbering(ids, [row.passages for row in self.used])
        self.sentences = Numbering(ids, [row.sentences for row in self.used])
        self.length = sum(row.length for row in self.used)  #: terms in the passages in use
        self.counts = Counts(len(ids), len(self.passages), len(self.sentences))
