"""What is drawn of an evaluation: reliability, risk against coverage, recall against depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evals.measure.metrics import BINS, METRICS, bin_of
from evals.measure.ranking import DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.measure.outcomes import Judged

#: Most points of a risk-coverage curve.
POINTS = 100


def curves(found: Sequence[Judged]) -> dict[str, Any]:
    """Return all of them, as the report holds them."""
    return {
        "reliability": reliability(found),
        "risk_coverage": risk_coverage(found),
        "recall": recall(found),
    }


def reliability(found: Sequence[Judged]) -> list[dict[str, float]]:
    """Return, for each bin of confidence that is not empty, its mean and the share that was right.

    DeGroot and Fienberg 1983; the bins are those of the calibration error.
    """
    stated = np.array([one.confidence for one in found], np.float64)
    true = np.array([one.best_right for one in found], np.float64)
    where = bin_of(stated)
    return [
        {
            "low": at / BINS,
            "high": (at + 1) / BINS,
            "count": int((where == at).sum()),
            "confidence": float(stated[where == at].mean()),
            "right": float(true[where == at].mean()),
        }
        for at in range(BINS)
        if (where == at).any()
    ]


def risk_coverage(found: Sequence[Judged]) -> list[dict[str, float]]:
    """Return, for falling thresholds, the share of questions answered and how many of those are wrong.

    El-Yaniv and Wiener 2010. Questions of equal confidence are answered together.
    """
    stated = np.array([one.confidence for one in found], np.float64)
    wrong = np.array([not one.best_right for one in found], np.float64)
    order = np.argsort(-stated, kind="stable")
    shown = np.arange(1, len(order) + 1)
    risk = np.cumsum(wrong[order]) / shown
    ends = np.flatnonzero(np.diff(stated[order], append=-1.0))  # the last of each group of equal ones
    if len(ends) > POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).round().astype(int))]
    return [
        {
            "coverage": float(shown[end] / len(order)),
            "risk": float(risk[end]),
            "confidence": float(stated[order[end]]),
        }
        for end in ends
    ]


def recall(found: Sequence[Judged]) -> list[dict[str, float]]:
    """Return the share of questions with a right passage among the first k, for each k."""
    judged = [one for one in found if METRICS["recall@10"].counts(one)]
    ranks = [one.passage_rank or DEPTH + 1 for one in judged]
    if not ranks:
        return []
    return [{"k": k, "recall": float(np.mean([rank <= k for rank in ranks]))} for k in range(1, DEPTH + 1)]


def stages(found: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return median, 95th percentile and mean of each stage's seconds, over the questions that had it."""
    names = dict.fromkeys(name for seconds in found for name in seconds)
    result = {}
    for name in names:
        values = [seconds[name] for seconds in found if name in seconds]
        p50, p95 = np.quantile(values, [0.5, 0.95])
        result[name] = {"p50": float(p50), "p95": float(p95), "mean": float(np.mean(values))}
    return result
