"""The baseline of the learned rankers: a plain sum of z-scores, nothing learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.search import zscores
from index.store.index import Index
from qa.answer import Answerer
from qa.rank.candidates import Candidate, rarity
from qa.rank.evidence import Evidence, Ranked
from qa.understand.question import Question


class SummedScores:
    """Sums the z-scores of a sentence's cosine and word coverage, and its passage's hybrid score.

    Coverage weighs the question's words by rarity. A ``qa.rank.select.Ranker``.
    """

    fingerprint = "summed z-scores"

    def __init__(self, index: Index) -> None:
        self._index = index

    def scores(
        self, question: Question, candidates: Sequence[Candidate], features: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return one score per candidate; ``features`` are not used."""
        weights = rarity(self._index, question)
        coverage = np.array([sum(weights[term] for term in one.matched) for one in candidates], np.float64)
        dense = np.array([one.dense for one in candidates], np.float64)
        passage = np.array([one.hit.score for one in candidates], np.float64)
        return zscores(dense) + zscores(coverage) + passage


def ranked_by_sum(
    answerer: Answerer, evidence: Evidence, documents: frozenset[str] | None
) -> tuple[Ranked, ...]:
    """Return the candidates of the first stage in the order of their sums.

    The question is asked again with the sum as the ranker, so that both rank the same candidates.
    ``documents`` are those that ``evidence`` was gathered from. Earlier questions make no difference:
    they matter to the second stage only.
    """
    baseline = answerer.ranked_by(SummedScores(answerer.index))
    ranked = baseline.gather(evidence.question.text, documents=documents).ranked
    # Of several papers that a question names, the answerer orders the best by their learned confidence.
    return tuple(sorted(ranked, key=lambda item: -item.score))
