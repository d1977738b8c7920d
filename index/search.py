"""Hybrid search: passages that share words with a question or are close to it in meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.store.open import Index
    from index.text import Passage

#: Passages taken from each of the two searches before their scores are joined, at least.
CANDIDATES = 200
#: Shares of BM25, of the passage's cosine and of its nearest sentence's cosine.
WEIGHTS = (0.4, 0.3, 0.3)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found."""

    position: int  #: of the passage in the index
    passage: Passage
    score: float  #: the weighted sum of three z-scores; comparable within one question only
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
    weights: tuple[float, float, float] = WEIGHTS,
) -> list[Hit]:
    """Return the ``limit`` best passages, best first.

    Candidates are the best passages by BM25 and the best by cosine, ``CANDIDATES``
    of each. Three scores of every candidate (BM25, its cosine, the cosine of its
    nearest sentence) are turned into z-scores over the candidates (mean 0,
    deviation 1) and summed with ``weights``. Score fusion finds more than
    reciprocal-rank fusion, and the nearest sentence more than the passage alone,
    on the seed questions. Equal scores are ordered by position, so that the result
    is always the same.

    Args:
        index: what to search.
        question: as asked; BM25 takes its terms.
        vector: the question encoded, L2-normalised, shape ``(dimension,)``.
        limit: how many hits at most.
        documents: ids of the papers to search; None for all.
        weights: shares of the three scores, see ``WEIGHTS``.

    Raises:
        ValueError: ``vector`` has another dimension than the index.
    """
    if vector.shape != (index.vectors.dimension,):
        raise ValueError(f"vector of shape {vector.shape} for {index.vectors.dimension} dimensions")
    allowed = None if documents is None else index.allowed(documents)
    lexical = index.lexical.scores(question)
    count = max(CANDIDATES, limit)
    by_words = _best(lexical, count, allowed)
    by_meaning = index.vectors.nearest(vector, count, allowed)
    positions = np.union1d(by_words, by_meaning).astype(np.int64)
    words, meaning = lexical[positions], index.vectors.scores(vector, positions)
    nearest = index.nearest_sentences(vector, positions)
    parts = zip(weights, (words, meaning, nearest), strict=True)
    scores = np.sum([weight * zscores(part) for weight, part in parts], axis=0)
    best = np.lexsort((positions, -scores))[:limit]
    passages = index.passages.many(positions[best].tolist())
    return [
        Hit(
            position=int(positions[i]),
            passage=passage,
            score=float(scores[i]),
            lexical=float(words[i]),
            dense=float(meaning[i]),
            rank=rank,
        )
        for rank, (i, passage) in enumerate(zip(best, passages, strict=True), 1)
    ]


def _best(scores: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Return up to ``count`` positions with the highest scores above 0; of equal ones the first."""
    found = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(found) <= count:
        return found
    values = scores[found]
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, equal = found[values > least], found[values == least]
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))


def zscores(scores: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``scores`` with mean 0 and deviation 1; all 0 if they are equal."""
    values = scores.astype(np.float64)
    if not len(values):
        return values
    spread = float(values.std())
    centred: NDArray[np.float64] = values - values.mean()
    return centred / spread if spread > 1e-9 else np.zeros_like(values)
