"""Vectors of sentences: one byte a component, and the length of a step for each vector.

Against single precision this keeps a quarter of the bytes; a cosine changes by less than .002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from index.store.arrays import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from index.store.arrays import Arrays
    from index.store.order import Order

_STEPS = 127  #: of the largest component


def steps_of(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return ``rows`` in steps, and the length of a step in each; shapes ``(n, dimension)`` and ``(n,)``."""
    lengths = (np.abs(rows).max(axis=1, initial=0) / _STEPS).astype(np.float32)
    return np.rint(rows / np.maximum(lengths, 1e-12)[:, None]).astype(np.int8), lengths


def sentence_vector_arrays(
    blocks: Callable[[], Iterable[NDArray[np.float32]]], count: int, dimension: int
) -> Iterator[Made]:
    """Yield the arrays of one segment that ``SentenceVectors`` reads; see ``vectors.vector_arrays``."""
    steps = (steps_of(block)[0] for block in blocks())
    yield Made("sentence-vectors", np.int8, (count, dimension), steps)
    yield Made("sentence-steps", np.float32, (count,), (steps_of(block)[1] for block in blocks()))


class SentenceVectors:
    """Vectors of the sentences of one generation, L2-normalised. Thread-safe."""

    def __init__(self, segments: Sequence[Arrays], order: Order, dimension: int) -> None:
        """Read from ``segments``, of which ``order`` says what is in use."""
        self._steps = [arrays["sentence-vectors"] for arrays in segments]
        self._lengths = [arrays["sentence-steps"] for arrays in segments]
        self._order = order
        self._empty = np.zeros((0, dimension), np.float32)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the sentences in ``rows``, shape ``(len(rows), dimension)``."""
        return self._order.taken(rows, self.taken, self._empty)

    def taken(self, segment: int, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors that a segment stores, used or not."""
        steps = self._steps[segment].take(rows).astype(np.float32)
        vectors: NDArray[np.float32] = steps * self._lengths[segment].take(rows)[:, None]
        return vectors

    def stored(self, segment: int, rows: slice) -> NDArray[np.float32]:
        """Return vectors that a segment stores, used or not."""
        return self.taken(segment, np.arange(rows.start, rows.stop))
