"""Ablations: the same questions asked without one part of the program.

    no lexical search    every BM25 score is 0: passages are ranked by meaning only
    no dense search      every vector is 0: passages and sentences are compared by words only
    no large reader      the third stage of ranking is left out
    no reader            the second and third stage of ranking are left out
    no learned ranker    sentences are ranked by a plain sum of z-scores, and nothing is read
    no abbreviations     abbreviations and their long forms do not match

The confidence is calibrated for the whole program and still decides what is shown.
So the ranking metrics tell more about a part than those of answering and refusing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from evals.measure.comparison import rows_of
from evals.measure.runner import Run
from evals.measure.zscores import SummedScores
from index.embed.encoder import Encoder
from index.store.index import Candidates, Index
from qa.answer import Answerer

#: Metrics in the table of ablations.
SHOWN = (
    *("recall@10", "mrr", "held@10", "ranked@1", "ranked@3"),
    *("hit@1", "hit@3", "answered_right", "missed", "refusal_recall", "auroc"),
)


class _NoWords:
    """An index whose BM25 scores are 0; its vocabulary stays."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def candidates(
        self, question: str, vector: NDArray[np.float32], count: int, documents: frozenset[str] | None = None
    ) -> Candidates:
        """Return what is found without a word."""
        return self._index.candidates("", vector, count, documents)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the index
        return getattr(self._index, name)


class _NoMeaning:
    """An encoder of zeros: every cosine is 0."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of zeros per text."""
        return np.zeros((len(texts), self._encoder.dimension), np.float32)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the encoder
        return getattr(self._encoder, name)


def variants(answerer: Answerer) -> dict[str, Answerer]:
    """Return the ablations of ``answerer`` by name; parts that it lacks itself are left out."""
    index, stages, settings = answerer.index, answerer.stages, answerer.settings
    # In both, __getattr__ gives the other methods.
    wordless = cast(Index, _NoWords(index))
    meaningless = cast(Encoder, _NoMeaning(answerer.encoder))
    two_stages = answerer.configured(replace(settings, closely=0))
    without_reader = answerer.configured(replace(settings, read=0))
    return {
        "no lexical search": Answerer(wordless, answerer.encoder, stages=stages, settings=settings),
        "no dense search": Answerer(index, meaningless, stages=stages, settings=settings),
        **({"no large reader": two_stages} if stages.closer else {}),
        **({"no reader": without_reader} if stages.reranker else {}),
        "no learned ranker": answerer.ranked_by(SummedScores(index)),
        "no abbreviations": answerer.configured(replace(settings, abbreviations=False)),
    }


def ablations(full: Sequence[Run], without: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """Return how each figure changes without a part, as the report holds it.

    ``full`` are the runs of the whole program, one per set; ``without`` those of each variant, by its name.
    """
    sets = {run.name: run for run in full}
    rows = [
        {"variant": variant, "full": row.pop("before"), "without": row.pop("after"), **row}
        for variant, runs in without.items()
        for run in runs
        for row in rows_of(run.name, list(zip(sets[run.name].judged, run.judged, strict=True)))
        if row["metric"] in SHOWN
    ]
    return {"variants": list(without), "rows": rows}
