"""Fits the confidence, and chooses the thresholds: when training, and to a user's own questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 4
#: Penalty on a calibrator's weights.
SHRINKAGE = 3.0
#: Standard deviation below which a column is taken as constant.
FLAT = 1e-9
#: Share of the sure answers that should be right on the dev halves together, and most of the answerable
#: questions that may be called not found; evals/RESULTS.md has the figures.
PRECISION, MISSED = 0.9, 0.04
#: Shares that users can ask for.
SHARES = tuple(round(0.50 + 0.05 * step, 2) for step in range(10))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides between the three outcomes."""

    threshold: float  #: least confidence of a sure answer; 1 if no threshold keeps the share
    possible: float  #: least probability that the papers answer at which possible answers are shown
    by_share: tuple[tuple[float, float], ...]  #: for each of ``SHARES`` the least confidence, as above


def choose_thresholds(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    presence: NDArray[np.float64],
    answerable: NDArray[np.bool_],
    precision: float = PRECISION,
) -> Thresholds:
    """Return the thresholds for one row per question, at which a share of ``precision`` answers is right.

    ``confidence`` is that of the best sentence, ``right`` whether it answers; ``presence`` is the probability
    that the papers answer, ``answerable`` whether they do.
    """
    threshold = threshold_for(confidence, right, precision)
    possible = min(missed_below(presence[answerable], MISSED), threshold)
    by_share = tuple((share, threshold_for(confidence, right, share)) for share in SHARES)
    return Thresholds(threshold, possible, by_share)


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
    spread[spread < FLAT] = 1.0
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


def threshold_for(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence at which at least ``precision`` of the shown answers are right; else 1."""
    order = np.argsort(-confidence)
    shown = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shown >= precision)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def missed_below(presence: NDArray[np.float64], share: float) -> float:
    """Return the highest threshold that at most ``share`` of the probabilities of ``presence`` are below."""
    return float(np.sort(presence)[int(share * len(presence))]) if len(presence) else 0.0
