"""Thresholds and confidence for a user's own papers, and what they would give for new questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evals.calibrate.fit import calibrated, choose_thresholds
from evals.calibrate.need import corrects
from evals.measure.bootstrap import wilson
from evals.measure.outcomes import Outcome
from qa.rank.select import corrected, log_odds
from qa.records import MOST_CORRECTED

#: Parts of the questions; each is decided by thresholds that were fitted to the others.
PARTS = 10
#: Thresholds are lowered by this: the same formula may differ in the last digit between two processors.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Scores:
    """What was found on each question, arrays of the shape ``(questions,)``."""

    confidence: NDArray[np.float64]  #: of the best sentence, by the shipped calibrator
    right: NDArray[np.bool_]  #: that sentence answers
    presence: NDArray[np.float64]  #: probability that the papers answer
    answerable: NDArray[np.bool_]
    sure: NDArray[np.bool_]  #: with the shipped thresholds: it was answered
    shown: NDArray[np.bool_]  #: with the shipped thresholds: it was not called not found
    basis: NDArray[np.str_]  #: of the confidence, see ``evals.measure.outcomes.basis_of``

    def __getitem__(self, rows: NDArray[np.bool_]) -> Scores:
        """Return the questions of ``rows``."""
        return Scores(*(getattr(self, name)[rows] for name in Scores.__slots__))

    @property
    def ranked(self) -> Scores:
        """The questions that the thresholds are fitted to."""
        return self[self.basis == "ranked"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Thresholds, and a correction of the confidence."""

    threshold: float
    possible: float
    by_share: tuple[tuple[float, float], ...]  #: for the shares that some threshold keeps
    slope: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """A share of questions with its 95 % interval."""

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends."""
        return wilson(self.count, self.total)


def scores_of(outcomes: Sequence[Outcome]) -> Scores:
    """Return the scores of questions that were asked with the shipped thresholds."""
    judged = [one.judged for one in outcomes]
    return Scores(
        np.array([one.confidence for one in judged], np.float64),
        np.array([one.best_right for one in judged], bool),
        np.array([one.presence for one in judged], np.float64),
        np.array([one.answerable for one in judged], bool),
        np.array([one.sure for one in judged], bool),
        np.array([one.shown for one in judged], bool),
        np.array([one.basis for one in outcomes], str),
    )


def fit(scores: Scores, right: float) -> Fitted:
    """Return what is fitted to the questions: thresholds at which a share of ``right`` answers is right.

    The confidence is corrected (Platt 1999) if there are enough questions for it and the corrected one is
    nearer to the truth for questions that the correction was not fitted to.
    """
    some = scores.ranked
    slope, offset = _correction(some)
    confidence = corrected(some.confidence, slope, offset)
    presence = np.maximum(some.presence, confidence)
    chosen = choose_thresholds(confidence, some.right, presence, some.answerable, right)
    by_share = tuple((share, _below(least)) for share, least in chosen.by_share if least < 1)
    return Fitted(_below(chosen.threshold), _below(chosen.possible), by_share, slope, offset)


def _below(threshold: float) -> float:
    return max(threshold - _ROUNDING, 0.0)


def _correction(some: Scores) -> tuple[float, float]:
    """Return slope and offset of the log-odds; 1 and 0 where a correction is not worth while."""
    if not corrects(int(some.right.sum()), int((~some.right).sum())):
        return 1.0, 0.0
    odds = log_odds(some.confidence)
    weights, bias, unseen = calibrated(odds[:, None], some.right, np.ones(len(odds)), [1])
    better = _surprise(unseen, some.right) < _surprise(some.confidence, some.right)
    usable = 0 < weights[0] <= MOST_CORRECTED and abs(bias) <= MOST_CORRECTED
    return (float(weights[0]), bias) if better and usable else (1.0, 0.0)


def _surprise(stated: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    """Return the mean log loss of probabilities."""
    return float(np.logaddexp(0, np.where(true, -1, 1) * log_odds(stated)).mean())


def decide(fitted: Fitted, scores: Scores) -> Scores:
    """Return the questions as ``fitted`` decides them: ``sure`` and ``shown`` anew.

    What is capped keeps its outcome, because the cap moves with the threshold. What is looked up is sure or
    possible by the threshold, and its confidence is not corrected.
    """
    confidence = corrected(scores.confidence, fitted.slope, fitted.offset)
    ranked, looked_up = scores.basis == "ranked", scores.basis == "looked up"
    sure = np.where(ranked, confidence, scores.confidence) >= fitted.threshold
    shown = sure | (np.maximum(scores.presence, confidence) >= min(fitted.possible, fitted.threshold))
    sure = np.where(ranked, sure, np.where(looked_up, sure & scores.shown, scores.sure))
    shown = np.where(ranked, shown, scores.shown)
    return replace(scores, sure=sure, shown=shown)


def cross_validated(scores: Scores, right: float) -> Scores:
    """Return the questions decided each by what was fitted without it, in ``PARTS`` parts.

    The parts have about the same shares of right, wrong and unanswerable questions.
    """
    part = np.empty(len(scores.right), np.int64)
    part[np.lexsort((scores.right, scores.answerable, scores.basis))] = np.arange(len(part)) % PARTS
    sure, shown = scores.sure.copy(), scores.shown.copy()
    for number in range(PARTS):
        held = part == number
        if held.any():
            decided = decide(fit(scores[~held], right), scores[held])
            sure[held], shown[held] = decided.sure, decided.shown
    return replace(scores, sure=sure, shown=shown)


def shares(scores: Scores) -> dict[str, Share]:
    """Return the shares that thresholds decide, by the names of ``evals.measure.metrics``."""

    def share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> Share:
        return Share(int((of & among).sum()), int(among.sum()))

    return {
        "answered_right": share(scores.right, scores.sure),
        "answered": share(scores.sure, scores.answerable),
        "missed": share(~scores.shown, scores.answerable),
        "answered_wrongly": share(scores.sure, ~scores.answerable),
    }
