"""The baseline that learned rankers are held against: a plain sum of z-scores, nothing learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qa.candidates import candidates_of, rarity
from qa.retrieve import about

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.store import Index
    from qa.answer import Answerer
    from qa.candidates import Candidate
    from qa.evidence import Evidence
    from qa.question import Question


class SummedScores:
    """Sums the z-scores of a sentence's cosine and word coverage, and its passage's hybrid score.

    Coverage weighs the question's words by rarity. A ``qa.select.Ranker``.
    """

    fingerprint = "summed z-scores"

    def __init__(self, index: Index) -> None:
        self._index = index

    def scores(
        self, question: Question, candidates: Sequence[Candidate], features: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return one score a candidate; ``features`` belong to the seam and are not needed."""
        weights = rarity(self._index, question)
        coverage = np.array([sum(weights[term] for term in one.matched) for one in candidates], np.float64)
        dense = np.array([one.dense for one in candidates], np.float64)
        passage = np.array([one.hit.score for one in candidates], np.float64)
        return _standardised(dense) + _standardised(coverage) + passage


def first_of(answerer: Answerer, evidence: Evidence) -> Candidate | None:
    """Return the sentence that the sum puts first among those of the passages in ``evidence``."""
    question = evidence.question
    vector = answerer.encoder.encode([question.searched])[0]
    hits = [hit for hit in evidence.hits if hit.rank <= answerer.settings.passages]
    found = [
        one
        for one in candidates_of(answerer.index, question, hits, vector)
        if about(one.document, one.sentence.span, question.subject)
    ]
    if not found:
        return None
    return found[int(np.argmax(SummedScores(answerer.index).scores(question, found, np.zeros((0, 0)))))]


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)
