"""The figures of an evaluation, each a statistic of judged questions that can be weighted.

A statistic takes n questions and returns a function of weights, shape (resamples, n),
which returns one value a resample, NaN where there is nothing to measure. With weights
of 1 it is the figure itself; with the counts of a resample, that resample's figure.
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
#: What one question counts in a mean; None where the mean is not about it.
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
        """Tell whether the figure is about this question."""
        return self.score is not None and self.score(one) is not None


def mean_of(score: Score) -> Statistic:
    """Return the statistic that is the mean of ``score`` over the questions that have one."""

    def statistic(found: Sequence[Judged]) -> Callable[[Values], Values]:
        scores = [score(one) for one in found]
        values = np.array([value or 0.0 for value in scores], np.float64)
        counted = np.array([value is not None for value in scores], np.float64)
        return lambda weights: _ratio(weights @ values, weights @ counted)

    return statistic


def _ratio(part: Values, whole: Values) -> Values:
    result: Values = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return result


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the probability that a positive scores above a negative, ties half (Mann-Whitney U)."""
    if not len(positive) or not len(negative):
        return None
    scores = np.concatenate([np.asarray(positive, np.float64), np.asarray(negative, np.float64)])
    is_positive = np.arange(len(scores)) < len(positive)
    return float(_auroc(scores, is_positive.astype(np.float64), np.ones((1, len(scores))))[0])


def _auroc(scores: Values, positive: Values, weights: Values) -> Values:
    groups, starts = _tied(scores)
    ups = np.add.reduceat(weights[:, groups] * positive[groups], starts, axis=1)
    downs = np.add.reduceat(weights[:, groups] * (1 - positive[groups]), starts, axis=1)
    below = np.cumsum(downs, axis=1) - downs
    return _ratio((ups * (below + downs / 2)).sum(axis=1), ups.sum(axis=1) * downs.sum(axis=1))


def _tied(scores: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of ``scores``, lowest first, and where in it each group of equal ones begins."""
    order = np.argsort(scores, kind="stable")
    sorted_scores = scores[order]
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    return order, starts


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float | None:
    """Return the expected calibration error over ``bins`` equal widths (Naeini et al. 2015)."""
    if not len(confidence):
        return None
    stated, true = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    return float(_ece(stated, true, np.ones((1, len(stated))), bins)[0])


def bin_of(stated: Values, bins: int = BINS) -> NDArray[np.int64]:
    """Return the bin of each confidence, equal widths, 1 belonging to the last."""
    return np.minimum((stated * bins).astype(np.int64), bins - 1)


def _ece(stated: Values, true: Values, weights: Values, bins: int = BINS) -> Values:
    inside = bin_of(stated, bins)[:, None] == np.arange(bins)[None, :]
    gaps = np.abs(weights @ (inside * (stated - true)[:, None]))
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1))


def _aurc(stated: Values, true: Values, weights: Values) -> Values:
    """Return the mean risk over all coverages (Geifman and El-Yaniv 2017); ties are answered together."""
    order, starts = _tied(-stated)
    counted = np.add.reduceat(weights[:, order], starts, axis=1)
    wrong = np.add.reduceat(weights[:, order] * (1 - true[order]), starts, axis=1)
    shown = np.cumsum(counted, axis=1)
    risk = np.divide(np.cumsum(wrong, axis=1), shown, out=np.zeros_like(shown), where=shown > 0)
    return _ratio((risk * counted).sum(axis=1), counted.sum(axis=1))


def _confident(formula: Callable[[Values, Values, Values], Values]) -> Statistic:
    """Return a statistic of each question's confidence and of whether its best quote answers."""
    return _of_confidence(formula, lambda one: one.best_right)


def _of_confidence(
    formula: Callable[[Values, Values, Values], Values], true: Callable[[Judged], bool]
) -> Statistic:
    def statistic(found: Sequence[Judged]) -> Callable[[Values], Values]:
        if not found:
            return lambda weights: np.full(len(weights), np.nan)
        stated = np.array([one.confidence for one in found], np.float64)
        marks = np.array([true(one) for one in found], np.float64)
        return lambda weights: formula(stated, marks, weights)

    return statistic


def _refusal_precision(found: Sequence[Judged]) -> Callable[[Values], Values]:
    """Return the share of refusals that are right; NaN where no question is unanswerable."""
    shares = mean_of(lambda one: None if one.shown else float(not one.answerable))(found)
    unanswerable = np.array([not one.answerable for one in found], np.float64)
    return lambda weights: np.where(weights @ unanswerable > 0, shares(weights), np.nan)


def _less(one: Callable[[Values], Values], other: Callable[[Values], Values]) -> Callable[[Values], Values]:
    return lambda weights: one(weights) - other(weights)


def _answerable(name: str) -> Score:
    return lambda one: _number(getattr(one, name)) if one.answerable else None


def _content(name: str) -> Score:
    """Metadata is looked up and not searched, so retrieval and ranking are not judged by it."""
    return lambda one: _number(getattr(one, name)) if one.answerable and one.type != "metadata" else None


def _retrieval(name: str) -> Score:
    def score(one: Judged) -> float | None:
        if not one.answerable or one.type == "metadata" or one.retrieval is None:
            return None
        return one.retrieval[name]

    return score


def _number(value: float | bool | None) -> float | None:
    return None if value is None else float(value)


def _mean(title: str, score: Score) -> Metric:
    return Metric(title, mean_of(score), score=score)


METRICS: dict[str, Metric] = {
    "recall@1": _mean("A passage with gold is first", _retrieval("recall@1")),
    "recall@5": _mean("A passage with gold among the first 5", _retrieval("recall@5")),
    "recall@10": _mean("A passage with gold among the first 10", _retrieval("recall@10")),
    "mrr": _mean("Mean reciprocal rank of passages", _retrieval("mrr")),
    "ndcg@10": _mean("nDCG@10 of passages", _retrieval("ndcg@10")),
    "hit@1": _mean("The first quote shown answers", _answerable("right")),
    "hit@3": _mean("One of the first three quotes shown answers", _answerable("among_three")),
    "ranked@1": _mean("The sentence ranked first answers, shown or not", _content("ranked_first")),
    "ranked@3": _mean("One of the three sentences ranked first answers", _content("ranked_three")),
    "held@10": _mean("One of the ten passages found first by the search holds gold", _content("held")),
    "zscore@1": Metric(
        "What a plain sum of z-scores ranks first answers", mean_of(_content("zscore_first")), better=""
    ),
    "gain@1": Metric(
        "ranked@1 less zscore@1",
        lambda found: _less(
            mean_of(_content("ranked_first"))(found), mean_of(_content("zscore_first"))(found)
        ),
    ),
    "reached@3": _mean(
        "One of the three sentences ranked first answers, where the ten passages hold one",
        lambda one: _content("ranked_three")(one) if one.held else None,
    ),
    "shown_right": _mean(
        "Of the answers shown, right", lambda one: float(one.first_right) if one.shown else None
    ),
    "place_right": _mean(
        "The first quote's paper, section and page or lines are right", lambda one: _number(one.place_right)
    ),
    "exact": _mean("Short answer equals an accepted one", _answerable("exact")),
    "f1": _mean("Token F1 of the short answer", _answerable("overlap")),
    "marked": Metric(
        "Answers shown with a short answer marked",
        mean_of(lambda one: _number(one.marked) if one.shown and one.exact is not None else None),
        better="",
    ),
    "exact_marked": _mean(
        "Short answers marked that equal an accepted one",
        lambda one: one.exact if one.answerable and one.marked else None,
    ),
    "refusal_recall": _mean(
        "Unanswerable questions refused", lambda one: None if one.answerable else float(not one.shown)
    ),
    "refusal_precision": Metric(
        "Refusals of unanswerable questions, of all refusals",
        _refusal_precision,
        score=lambda one: None if one.shown else float(not one.answerable),
    ),
    "accuracy": _mean("Answered right, or rightly refused", lambda one: float(one.correct)),
    "followup": _mean(
        "Follow-ups answered right", lambda one: _answerable("right")(one) if one.followup else None
    ),
    "coverage": Metric("Questions shown an answer", mean_of(lambda one: float(one.shown)), better=""),
    "auroc": Metric(
        "AUROC: confidence, answerable against unanswerable",
        _of_confidence(_auroc, lambda one: one.answerable),
    ),
    "ece": Metric("Expected calibration error, 10 bins", _confident(_ece), better="lower"),
    "brier": Metric(
        "Brier score of the confidence",
        _confident(lambda stated, true, weights: _ratio(weights @ (stated - true) ** 2, weights.sum(axis=1))),
        better="lower",
    ),
    "aurc": Metric("Area under the risk-coverage curve", _confident(_aurc), better="lower"),
}


def metrics(found: Sequence[Judged]) -> dict[str, Any]:
    """Return each metric by name, None where nothing is there to be measured, and a few counts.

    Retrieval is judged on questions about content: metadata is looked up, not
    searched. Refusal: positive is ``not_found``, truly so where unanswerable.
    """
    ones = np.ones((1, len(found)))
    values = {name: float(metric.statistic(found)(ones)[0]) for name, metric in METRICS.items()}
    seconds = [one.seconds for one in found if one.seconds is not None]
    return {
        "questions": len(found),
        "answerable": sum(one.answerable for one in found),
        **{name: None if np.isnan(value) else value for name, value in values.items()},
        "refused_rightly": sum(not one.shown and not one.answerable for one in found),
        "seconds_p50": float(np.quantile(seconds, 0.5)) if seconds else None,
        "seconds_p95": float(np.quantile(seconds, 0.95)) if seconds else None,
    }


def summary(found: Sequence[Judged]) -> dict[str, Any]:
    """Return the metrics over ``found`` and, under "types", for each type."""
    types = sorted({one.type for one in found})
    return {
        **metrics(found),
        "types": {name: metrics([o for o in found if o.type == name]) for name in types},
    }


def failures(one: Judged) -> list[str]:
    """Return the metrics that are means and in which the question counts less than it could."""
    scores = {name: metric.score(one) for name, metric in METRICS.items() if metric.score is not None}
    return [name for name, score in scores.items() if score is not None and score < 1.0]
