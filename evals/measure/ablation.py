"""What each part of the program gives: the same questions asked without it.

    no lexical search    every BM25 score is 0: passages are found by meaning only
    no dense search      every vector is 0: passages and sentences are compared by words only
    no reader            passages are not read with the question: the first stage of ranking alone
    no learned ranker    sentences are put in the order of a plain sum of z-scores, and nothing is read
    no abbreviations     abbreviations and what they stand for do not count as the same

The confidence is calibrated for the whole program. Without a part it still decides
what is shown, so that look at the metrics of ranking first, and at those of
answering and refusing for what a user would get.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.measure.comparison import rows_of
from evals.measure.zscores import SummedScores
from qa.answer import Answerer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evals.measure.runner import Run
    from index.embed.encoder import Encoder
    from index.store.lexical import Lexical


class _NoWords:
    """BM25 that finds nothing; what is known of the vocabulary stays."""

    def __init__(self, lexical: Lexical) -> None:
        self._lexical = lexical

    def scores(self, question: str) -> NDArray[np.float32]:
        """Return 0 for every passage."""
        return np.zeros_like(self._lexical.scores(question))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the index of words has
        return getattr(self._lexical, name)


class _NoMeaning:
    """An encoder that knows no meaning: every cosine with its vectors is 0."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.max_pieces = encoder.max_pieces
        self.count_pieces = encoder.count_pieces

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return a vector of zeros for each text."""
        return np.zeros((len(texts), self.dimension), np.float32)


def _no_lexical(answerer: Answerer) -> Answerer:
    index = copy(answerer.index)
    index.lexical = _NoWords(answerer.index.lexical)  # type: ignore[assignment]  # the same methods
    return Answerer(index, answerer.encoder, stages=answerer.stages, settings=answerer.settings)


def _no_dense(answerer: Answerer) -> Answerer:
    encoder = _NoMeaning(answerer.encoder)
    return Answerer(answerer.index, encoder, stages=answerer.stages, settings=answerer.settings)


def _no_ranker(answerer: Answerer) -> Answerer:
    index = answerer.index
    return answerer.ranked_by(SummedScores(index))


def _no_abbreviations(answerer: Answerer) -> Answerer:
    return answerer.configured(replace(answerer.settings, abbreviations=False))


def _no_reader(answerer: Answerer) -> Answerer:
    return answerer.configured(replace(answerer.settings, read=0))


_PARTS: dict[str, Callable[[Answerer], Answerer]] = {
    "no lexical search": _no_lexical,
    "no dense search": _no_dense,
    "no reader": _no_reader,
    "no learned ranker": _no_ranker,
    "no abbreviations": _no_abbreviations,
}


def variants(answerer: Answerer) -> dict[str, Answerer]:
    """Return, by the part that each lacks, answerers like this one; what it lacks itself is left out."""
    lacked = set() if answerer.stages.reranker else {"no reader"}
    return {name: made(answerer) for name, made in _PARTS.items() if name not in lacked}


#: What the table of differences shows.
SHOWN = (
    "recall@10",
    "mrr",
    "held@10",
    "ranked@1",
    "ranked@3",
    "hit@1",
    "refusal_recall",
    "refusal_precision",
    "auroc",
)


def ablations(full: Sequence[Run], without: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """Return how each figure changes when a part is left out, as the report holds it.

    Args:
        full: the runs of the whole program, a set each.
        without: the runs of each variant, of some of the same sets.
    """
    rows = []
    for variant, runs in without.items():
        sets = {run.name: run for run in full}
        for part in runs:
            whole = sets[part.name]
            pairs = list(zip(whole.judged, part.judged, strict=True))
            rows += [_row(variant, row) for row in rows_of(whole.name, pairs) if row["metric"] in SHOWN]
    return {"variants": list(without), "rows": rows}


def _row(variant: str, row: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("set", "metric", "difference", "low", "high", "p", "verdict", "better", "questions")
    return {
        "variant": variant,
        "full": row["before"],
        "without": row["after"],
        **{key: row[key] for key in kept},
    }
