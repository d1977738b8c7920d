"""Fits ranking weights and confidence to samples of questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.train.samples import Sample
from qa.rank.select import evidence

FOLDS = 4
#: Default penalty on a ranker's weights, and that on a calibrator's.
RIDGE, SHRINKAGE = 20.0, 3.0
#: Standard deviation below which a column is taken as constant.
_FLAT = 1e-9


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
    spread[spread < _FLAT] = 1.0
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
    rows: NDArray[np.float64],
    right: NDArray[np.bool_],
    share: NDArray[np.float64],
    signs: Sequence[int] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of the probability that something is true of a question.

    A logistic regression with a quadratic penalty (Platt 1999). With bounded weights, more evidence never
    lowers the probability, even where columns say nearly the same.

    Args:
        rows: the calibrator's columns, a row per question.
        right: whether it is true.
        share: weight of each row.
        signs: of the weight of each column: 1 for none below 0, -1 for none above, 0 for any.
    """
    from scipy.optimize import minimize

    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < _FLAT] = 1.0
    scaled = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    limits = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [limits[sign] for sign in (*(signs or [0] * rows.shape[1]), 0)]
    penalty = np.append(np.full(rows.shape[1], SHRINKAGE), 0.0)  # none on the bias

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = scaled @ weights
        error = share * (1 / (1 + np.exp(-odds)) - right)
        value = (share * (np.logaddexp(0, odds) - right * odds)).sum() + penalty @ weights**2 / 2
        return float(value), scaled.T @ error + penalty * weights

    start = np.zeros(scaled.shape[1])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = fitted[:-1] / spread
    return weights, float(fitted[-1] - weights @ mean)


def calibrated(
    rows: NDArray[np.float64], true: NDArray[np.bool_], share: NDArray[np.float64], signs: Sequence[int]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return weights and bias as ``fit_calibrator`` does, and a probability for each row.

    That is by a calibrator fitted without the row, in ``FOLDS`` folds.
    """
    confidence = np.zeros(len(rows))
    for fold in range(FOLDS):
        held = np.arange(len(rows)) % FOLDS == fold
        weights, bias = fit_calibrator(rows[~held], true[~held], share[~held], signs)
        confidence[held] = 1 / (1 + np.exp(-(rows[held] @ weights + bias)))
    return *fit_calibrator(rows, true, share, signs), confidence


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


def threshold_for(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence at which at least ``precision`` of the shown answers are right; else 1."""
    order = np.argsort(-confidence)
    shown = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shown >= precision)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def missed_below(presence: NDArray[np.float64], share: float) -> float:
    """Return the highest threshold that at most ``share`` of the probabilities of ``presence`` are below."""
    return float(np.sort(presence)[int(share * len(presence))]) if len(presence) else 0.0
