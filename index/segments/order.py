"""The numbering of rows across segments.

The documents of a generation are ordered by id, wherever they are stored, and the rows of a document (its
passages, or its sentences) follow each other. So an index numbers its rows as if it were built at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Order:
    """The rows of one kind. Shapes: ``(documents,)``, but for ``sizes``."""

    segments: NDArray[np.int64]  #: which segment stores each document
    firsts: NDArray[np.int64]  #: its first row there
    counts: NDArray[np.int64]  #: its number of rows
    sizes: tuple[int, ...]  #: rows that each segment stores, used or not

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each document, and at the end the number of rows."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])

    @classmethod
    def of_one(cls, count: int) -> Order:
        """Return the order of ``count`` rows of one document in one segment."""
        zero = np.zeros(1, np.int64)
        return cls(zero, zero, np.array([count], np.int64), (count,))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def whole(self) -> bool:
        """Whether one segment stores exactly the rows, in their order."""
        return self.sizes == (len(self),) and np.array_equal(self.firsts, self.starts[:-1])

    def owners(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the document of each of ``rows``."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def stored(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the segments that store ``rows``: number, which of ``rows`` (indices), and the rows there."""
        if self.whole:
            yield 0, np.arange(len(rows)), rows
            return
        documents = self.owners(rows)
        there = rows - self.starts[documents] + self.firsts[documents]
        segments = self.segments[documents]
        for segment in np.unique(segments).tolist():
            chosen = np.flatnonzero(segments == segment)
            yield segment, chosen, there[chosen]

    def taken(
        self,
        rows: NDArray[np.int64],
        take: Callable[[int, NDArray[np.int64]], NDArray[Any]],
        empty: NDArray[Any],
    ) -> NDArray[Any]:
        """Return what ``take`` gives for a segment and rows there, in the order of ``rows``.

        ``empty`` is the result for no row; its shape and type are those of every result.
        """
        result = np.empty((len(rows), *empty.shape[1:]), empty.dtype)
        for segment, chosen, there in self.stored(rows):
            result[chosen] = take(segment, there)
        return result

    def rows_of(self, segment: int) -> NDArray[np.int64]:
        """Return the row in this numbering of each that ``segment`` stores, -1 for one that is not used."""
        return self._rows[segment]

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int64], ...]:
        made = []
        for segment, size in enumerate(self.sizes):
            here = np.flatnonzero(self.segments == segment)
            counts = self.counts[here]
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            rows = np.full(size, -1, np.int64)
            rows[within + np.repeat(self.firsts[here], counts)] = within + np.repeat(
                self.starts[here], counts
            )
            made.append(rows)
        return tuple(made)
