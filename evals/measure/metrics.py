"""The figures of an evaluation, each a statistic of judged questions that can be weighted.

A statistic takes n questions and returns a function of weights, shape (resamples, n),
which returns one value per resample, NaN where there is nothing to measure. Weights of 1
give the figure itself; the counts of a resample give the figure of that resample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.measure.outcomes import Judged

Values = NDArray[np.float64]
Statistic = Callable[[Sequence[Judged]], Callable[[Values], Values]]
#: What one question scores in a mean; None: the mean leaves it out.
Score = Callable[[Judged], float | None]

BINS = 10


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure and how to read it."""

    title: str
    statistic: Statistic
    better: str = "higher"  #: "higher", "lower", or "" where neither is better
    score: Score | None = None  #: of one question, where the figure is a mean

    def counts(self, one: Judged) -> bool:
        """Tell whether the mean includes this question."""
        return self.score is not None and self.score(one) is not None


def mean_of(score: Score) -> Statistic:
    """Return the statistic that is the mean of ``score`` over the questions that have one."""

    def statistic(judged: Sequence[Judged]) -> Callable[[Values], Values]:
        scores = [score(one) for one in judged]
        values = np.array([value or 0.0 for value in scores], np.float64)
        counted = np.array([value is not None for value in scores], np.float64)
        return lambda weights: _ratio(weights @ values, weights @ counted)

    return statistic


def _ratio(part: Values, whole: Values) -> Values:
    result: Values = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return result


def auroc(scores: Values, positive: Values, weights: Values) -> Values:
    """Return the probability that a positive scores above a negative, ties half (Mann-Whitney U).

    Args:
        scores: shape (n,).
        positive: 1 or 0, shape (n,).
        weights: shape (resamples, n).
    """
    order, starts = _tied(scores)
    ups = np.add.reduceat(weights[:, order] * positive[order], starts, axis=1)
    downs = np.add.reduceat(weights[:, order] * (1 - positive[order]), starts, axis=1)
    below = np.cumsum(downs, axis=1) - downs
    return _ratio((ups * (below + downs / 2)).sum(axis=1), ups.sum(axis=1) * downs.sum(axis=1))


def _tied(scores: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of ``scores``, lowest first, and where each group of equal scores begins in it."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    return order, starts


def bin_of(stated: Values) -> NDArray[np.int64]:
    """Return the bin of each confidence: ``BINS`` of equal width, 1 in the last."""
    return np.minimum((stated * BINS).astype(np.int64), BINS - 1)


def calibration_error(stated: Values, right: Values, weights: Values) -> Values:
    """Return the expected calibration error (Naeini et al. 2015); shapes as in ``auroc``."""
    inside = bin_of(stated)[:, None] == np.arange(BINS)[None, :]
    gaps = np.abs(weights @ (inside * (stated - right)[:, None]))
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1))


def _aurc(stated: Values, right: Values, weights: Values) -> Values:
    """Return the mean risk over all coverages (Geifman and El-Yaniv 2017); ties are answered together."""
    order, starts = _tied(-stated)
    counted = np.add.reduceat(weights[:, order], starts, axis=1)
    wrong = np.add.reduceat(weights[:, order] * (1 - right[order]), starts, axis=1)
    answered = np.cumsum(counted, axis=1)
    risk = np.divide(np.cumsum(wrong, axis=1), answered, out=np.zeros_like(answered), where=answered > 0)
    return _ratio((risk * counted).sum(axis=1), counted.sum(axis=1))


def _of_confidence(
    formula: Callable[[Values, Values, Values], Values],
    true: Callable[[Judged], bool] = lambda one: one.best_right,
    stated_of: Callable[[Judged], float] = lambda one: one.confidence,
) -> Statistic:
    """Return a statistic of a probability ``stated_of`` each question, and of whether it is ``true``."""

    def statistic(judged: Sequence[Judged]) -> Callable[[Values], Values]:
        if not judged:
            return lambda weights: np.full(len(weights), np.nan)
        stated = np.array([stated_of(one) for one in judged], np.float64)
        marks = np.array([true(one) for one in judged], np.float64)
        return lambda weights: formula(stated, marks, weights)

    return statistic


def _unanswerable(what: Callable[[Judged], bool]) -> Score:
    return lambda one: None if one.answerable else float(what(one))


def _gain(judged: Sequence[Judged]) -> Callable[[Values], Values]:
    ranked, summed = (mean_of(_content(name))(judged) for name in ("ranked_first", "zscore_first"))
    return lambda weights: ranked(weights) - summed(weights)


def _answerable(name: str) -> Score:
    return lambda one: _number(getattr(one, name)) if one.answerable else None


def _content(name: str) -> Score:
    """Metadata is looked up and not searched, so retrieval and ranking are not judged by it."""
    return lambda one: _answerable(name)(one) if one.type != "metadata" else None


def _retrieval(name: str) -> Score:
    def score(one: Judged) -> float | None:
        searched = one.answerable and one.type != "metadata"
        return one.retrieval[name] if searched and one.retrieval is not None else None

    return score


def _number(value: float | bool | None) -> float | None:
    return None if value is None else float(value)


def _mean(title: str, score: Score, better: str = "higher") -> Metric:
    return Metric(title, mean_of(score), better, score)


METRICS: dict[str, Metric] = {
    "recall@1": _mean("The first passage found holds the right answer", _retrieval("recall@1")),
    "recall@5": _mean("One of the first 5 passages found holds the right answer", _retrieval("recall@5")),
    "recall@10": _mean("One of the first 10 passages found holds the right answer", _retrieval("recall@10")),
    "mrr": _mean(
        "How early the first right passage comes, 1 if always first (MRR)",
        _retrieval("mrr"),
    ),
    "ndcg@10": _mean("How well the first 10 passages are ordered (nDCG@10)", _retrieval("ndcg@10")),
    "hit@1": _mean("The first quote shown is right", _answerable("right")),
    "hit@3": _mean("One of the first three quotes shown is right", _answerable("among_three")),
    "ranked@1": _mean("The sentence ranked first is right, shown or not", _content("ranked_first")),
    "ranked@3": _mean("One of the three sentences ranked first is right", _content("ranked_three")),
    "held@10": _mean("One of the ten passages found first holds the right answer", _content("held")),
    "zscore@1": _mean(
        "The sentence that the search alone ranks first is right (sum of z-scores)",
        _content("zscore_first"),
        better="",
    ),
    "gain@1": Metric("What the ranking adds to the search: ranked@1 minus zscore@1", _gain),
    "reached@3": _mean(
        "ranked@3, where the ten passages hold the right answer",
        lambda one: _content("ranked_three")(one) if one.held else None,
    ),
    "answered_right": _mean(
        "Sure answers that are right", lambda one: float(one.first_right) if one.sure else None
    ),
    "answered": _mean("Answerable questions that are answered", _answerable("sure")),
    "possible_right": _mean(
        "A right sentence is among the possible answers, where the papers answer",
        lambda one: _answerable("among_three")(one) if one.shown and not one.sure else None,
    ),
    "missed": _mean(
        "Answerable questions called not found",
        lambda one: float(not one.shown) if one.answerable else None,
        "lower",
    ),
    "answered_wrongly": _mean(
        "Unanswerable questions that are answered", _unanswerable(lambda one: one.sure), "lower"
    ),
    "place_right": _mean(
        "Paper, section and page or lines of the first quote are right", lambda one: _number(one.place_right)
    ),
    "exact": _mean("The short answer equals an accepted one", _answerable("exact")),
    "f1": _mean(
        "Words the short answer shares with an accepted one (token F1)",
        _answerable("overlap"),
    ),
    "marked": _mean(
        "Questions shown a quote with a short answer marked",
        lambda one: _number(one.marked) if one.shown and one.exact is not None else None,
        better="",
    ),
    "exact_marked": _mean(
        "Marked short answers that equal an accepted one",
        lambda one: one.exact if one.answerable and one.marked else None,
    ),
    "refusal_recall": _mean(
        "Unanswerable questions called not found", _unanswerable(lambda one: not one.shown)
    ),
    "accuracy": _mean(
        "A right quote comes first, or rightly none is given as an answer", lambda one: float(one.correct)
    ),
    "followup": _mean(
        "Follow-ups answered right", lambda one: _answerable("right")(one) if one.followup else None
    ),
    "coverage": _mean("Questions that are answered", lambda one: float(one.sure), better=""),
    "possible": _mean(
        "Questions shown possible answers", lambda one: float(one.shown and not one.sure), better=""
    ),
    "auroc": Metric(
        "How well the confidence tells answerable questions from others: 0.5 is chance, 1 perfect (AUROC)",
        _of_confidence(auroc, lambda one: one.answerable, lambda one: one.presence),
    ),
    "ece": Metric(
        "How far the stated confidence is from the share that is right, on average (ECE, 10 bins)",
        _of_confidence(calibration_error),
        "lower",
    ),
    "brier": Metric(
        "Mean squared error of the stated confidence (Brier score)",
        _of_confidence(
            lambda stated, right, weights: _ratio(weights @ (stated - right) ** 2, weights.sum(1))
        ),
        "lower",
    ),
    "aurc": Metric(
        "Share of wrong answers, averaged over all thresholds (area under the risk-coverage curve)",
        _of_confidence(_aurc),
        "lower",
    ),
}


def metrics(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return each metric by name, None where there is nothing to measure, and a few counts."""
    ones = np.ones((1, len(judged)))
    values = {name: float(metric.statistic(judged)(ones)[0]) for name, metric in METRICS.items()}
    seconds = [one.seconds for one in judged if one.seconds is not None]
    return {
        "questions": len(judged),
        "answerable": sum(one.answerable for one in judged),
        **{name: None if np.isnan(value) else value for name, value in values.items()},
        "refused_rightly": sum(not one.shown and not one.answerable for one in judged),
        "seconds_p50": float(np.quantile(seconds, 0.5)) if seconds else None,
        "seconds_p95": float(np.quantile(seconds, 0.95)) if seconds else None,
    }


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the metrics over ``judged`` and, under "types", for each type."""
    types = sorted({one.type for one in judged})
    return {
        **metrics(judged),
        "types": {name: metrics([one for one in judged if one.type == name]) for name in types},
    }


def failures(one: Judged) -> list[str]:
    """Return the means that the question makes worse."""
    found = []
    for name, metric in METRICS.items():
        score = metric.score(one) if metric.score is not None and metric.better else None
        if score is not None and (score > 0.0 if metric.better == "lower" else score < 1.0):
            found.append(name)
    return found
