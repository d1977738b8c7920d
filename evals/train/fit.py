"""Fits the ranking weights and the confidence to samples of questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.rank.select import evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from qa.rank.candidates import Candidate
    from qa.understand.question import Place

FOLDS = 4
#: The penalty on a ranker's weights where none is stated.
RIDGE = 20.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The candidates of one question, as the ranker sees them."""

    corpus: str
    features: NDArray[np.float64]  #: (candidates, features)
    right: NDArray[np.bool_]  #: which candidates answer
    answerable: bool
    question: str = ""  #: as searched
    before: str = ""  #: what was asked and quoted before, where it may lean on that
    candidates: tuple[Candidate, ...] = ()
    cited: Place | None = None  #: where the last quote stands


def fit_ranker(
    found: Sequence[Sample], ridge: float = RIDGE, counts: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of a conditional logit: the right sentence against the others of its question.

    ``counts`` is how much each sample counts; 1 without it.

    Maximises the log of the share that the right candidates have of the softmax
    over all candidates of a question (McFadden 1974; ListNet's top-one loss, Cao
    et al. 2007), with a quadratic penalty. The bias makes the mean score 0.
    """
    from scipy.optimize import minimize

    telling = [at for at, s in enumerate(found) if s.right.any() and not s.right.all()]
    usable = [found[at] for at in telling]
    share = np.ones(len(usable)) if counts is None else np.array([counts[at] for at in telling])
    rows = np.concatenate([s.features for s in usable])
    right = np.concatenate([s.right for s in usable])
    sizes = np.array([len(s.right) for s in usable])
    starts = np.cumsum(sizes) - sizes
    question = np.repeat(np.arange(len(usable)), sizes)
    spread = rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = (rows - rows.mean(axis=0)) / spread

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = scaled @ weights
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[question])
        total, good = np.add.reduceat(shares, starts), np.add.reduceat(shares * right, starts)
        error = shares / total[question] - shares * right / good[question]
        gradient = scaled.T @ (error * share[question])
        return float(
            -(share * np.log(good / total)).sum() + ridge / 2 * weights @ weights
        ), gradient + ridge * weights

    fitted = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x / spread
    return fitted, float(-(rows.mean(axis=0) @ fitted))


def fit_calibrator(
    rows: NDArray[np.float64], right: NDArray[np.bool_], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of the probability that the first candidate of a question answers.

    ``rows`` are the calibrator's columns, ``share`` how much each counts.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.3, max_iter=2000).fit(scaler.transform(rows), right, sample_weight=share)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def held_out_scores(
    public: Sequence[Sample],
    dev: Sequence[Sample],
    count_of: Callable[[Sample], float],
    ridge: float = RIDGE,
) -> list[NDArray[np.float64]]:
    """Return the scores of each dev question by a ranker that has not seen it, in ``FOLDS`` folds.

    ``count_of`` tells how much a question counts.
    """
    scores: list[NDArray[np.float64]] = [np.zeros(0)] * len(dev)
    for fold in range(FOLDS):
        seen = [*public, *(item for at, item in enumerate(dev) if at % FOLDS != fold)]
        weights, bias = fit_ranker(seen, ridge, counts=[count_of(item) for item in seen])
        for at in range(fold, len(dev), FOLDS):
            scores[at] = dev[at].features @ weights + bias
    return scores


def first_candidates(
    found: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    names: Sequence[str],
    columns: Sequence[str],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the calibrator's columns ``names`` of each question's first candidate, and whether it answers.

    ``columns`` are those of the samples.
    """
    rows, right = [], []
    for item, values in zip(found, scores, strict=True):
        if len(values):
            best = int(np.argmax(values))
            rows.append(evidence(item.features, values, names, columns)[best])
            right.append(bool(item.right[best]))
    return np.array(rows), np.array(right)


def hit_at(found: Sequence[Sample], scores: Sequence[NDArray[np.float64]], count: int) -> float:
    """Return the share of answerable questions with a right sentence among the first ``count``."""
    hits = [
        bool(item.right[np.argsort(-values, kind="stable")[:count]].any())
        for item, values in zip(found, scores, strict=True)
        if item.answerable
    ]
    return float(np.mean(hits)) if hits else 0.0


def threshold_for(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence at which at least ``precision`` of what is shown is right."""
    order = np.argsort(-confidence)
    shown = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shown >= precision)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0
