"""Hybrid search: the passages nearest to a question by BM25 and by embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.store.index import Index
from index.text import Passage

#: Minimum number of passages taken from each of the two searches before fusion.
CANDIDATES = 200
#: Weights of BM25, of the cosine of the passage and of the cosine of its nearest sentence.
WEIGHTS = (0.4, 0.3, 0.3)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its scores for one question."""

    position: int  #: of the passage in the index
    passage: Passage
    score: float  #: weighted sum of three z-scores; comparable within one question only
    lexical: float  #: BM25, 0 or more
    dense: float  #: cosine, -1 to 1
    rank: int  #: from 1


def search(
    index: Index,
    question: str,
    vector: NDArray[np.float32],
    *,
    limit: int = 10,
    documents: frozenset[str] | None = None,
) -> list[Hit]:
    """Return the ``limit`` best passages for ``question``, best first.

    Candidates are the best ``CANDIDATES`` passages by BM25 and by cosine. Three scores of
    each (BM25, its cosine, the cosine of its nearest sentence) are standardised over the
    candidates and summed with ``WEIGHTS``. On the seed questions this has a higher recall
    than reciprocal-rank fusion, and than fusion without the nearest sentence. Equal scores
    are ordered by position.

    ``vector`` is the encoded question, L2-normalised; ``documents`` are the ids of the
    papers to search, None for all.

    Raises:
        ValueError: ``vector`` has another dimension than the index.
    """
    dimension = index.manifest.model.dimension
    if vector.shape != (dimension,):
        raise ValueError(f"vector of shape {vector.shape} for {dimension} dimensions")
    found = index.candidates(question, vector, max(CANDIDATES, limit), documents)
    positions, words, meaning = found.positions, found.lexical, found.dense
    parts = zip(WEIGHTS, (words, meaning, found.nearest), strict=True)
    scores = np.sum([weight * zscores(part) for weight, part in parts], axis=0)
    best = np.lexsort((positions, -scores))[:limit]
    passages = index.passages.many(positions[best].tolist())
    return [
        Hit(int(positions[i]), passage, float(scores[i]), float(words[i]), float(meaning[i]), rank)
        for rank, (i, passage) in enumerate(zip(best, passages, strict=True), 1)
    ]


def zscores(scores: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``scores`` with mean 0 and deviation 1; all 0 if they are equal."""
    values = scores.astype(np.float64)
    if not len(values):
        return values
    spread = float(values.std())
    centred: NDArray[np.float64] = values - values.mean()
    return centred / spread if spread > 1e-9 else np.zeros_like(values)
