"""Fits ranking weights to samples of questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.calibrate.fit import FLAT, FOLDS
from evals.train.samples import Sample
from qa.rank.select import evidence

#: Default penalty on a ranker's weights.
RIDGE = 20.0


def fit_ranker(
    samples: Sequence[Sample], ridge: float = RIDGE, counts: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of a conditional logit: the right sentence against the others of its question.

    Maximises the log of the share that the right candidates have of the softmax over all
    candidates of a question (McFadden 1974; ListNet's top-one loss, Cao et al. 2007), with a
    quadratic penalty. The bias makes the mean score 0. ``counts`` weighs the samples.
    """
    from scipy.optimize import minimize

    usable = [at for at, item in enumerate(samples) if item.right.any() and not item.right.all()]
    share = np.ones(len(usable)) if counts is None else np.array([counts[at] for at in usable])
    rows = np.concatenate([samples[at].features for at in usable])
    right = np.concatenate([samples[at].right for at in usable])
    sizes = np.array([len(samples[at].right) for at in usable])
    starts = np.cumsum(sizes) - sizes
    question = np.repeat(np.arange(len(usable)), sizes)
    spread = rows.std(axis=0)
    spread[spread < FLAT] = 1.0
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


def held_out_scores(
    public: Sequence[Sample],
    dev: Sequence[Sample],
    count_of: Callable[[Sample], float],
    ridge: float = RIDGE,
) -> list[NDArray[np.float64]]:
    """Return the scores of each dev question by a ranker fitted without it, in ``FOLDS`` folds.

    ``count_of`` returns the weight of a question.
    """
    scores: list[NDArray[np.float64]] = [np.zeros(0)] * len(dev)
    for fold in range(FOLDS):
        seen = [*public, *(item for at, item in enumerate(dev) if at % FOLDS != fold)]
        weights, bias = fit_ranker(seen, ridge, counts=[count_of(item) for item in seen])
        for at in range(fold, len(dev), FOLDS):
            scores[at] = dev[at].features @ weights + bias
    return scores


def first_candidates(
    samples: Sequence[Sample],
    scores: Sequence[NDArray[np.float64]],
    names: Sequence[str],
    columns: Sequence[str],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the calibrator's columns ``names`` of each question's first candidate, and whether it answers.

    ``columns`` are those of the samples.
    """
    rows, right = [], []
    for item, values in zip(samples, scores, strict=True):
        if len(values):
            best = int(np.argmax(values))
            rows.append(evidence(item.features, values, names, columns)[best])
            right.append(bool(item.right[best]))
    return np.array(rows), np.array(right)


def hit_at(samples: Sequence[Sample], scores: Sequence[NDArray[np.float64]], count: int) -> float:
    """Return the share of answerable questions with a right sentence among the first ``count``."""
    hits = [
        bool(item.right[np.argsort(-values, kind="stable")[:count]].any())
        for item, values in zip(samples, scores, strict=True)
        if item.answerable
    ]
    return float(np.mean(hits)) if hits else 0.0
