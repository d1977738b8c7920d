"""The curves of an evaluation: reliability, risk against coverage, recall against depth; stage times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.measure.metrics import BINS, METRICS, Values, bin_of
from evals.measure.outcomes import Judged
from evals.measure.ranking import DEPTH

#: Most points of a risk-coverage curve.
POINTS = 100


def curves(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return all curves as the report holds them."""
    stated = np.array([one.confidence for one in judged], np.float64)
    right = np.array([one.best_right for one in judged], np.float64)
    return {
        "reliability": _reliability(stated, right),
        "risk_coverage": _risk_coverage(stated, right),
        "recall": _recall(judged),
    }


def _reliability(stated: Values, right: Values) -> list[dict[str, float]]:
    """Return the mean confidence and the share right of each bin that is not empty.

    DeGroot and Fienberg 1983; the bins are those of the calibration error.
    """
    where = bin_of(stated)
    return [
        {
            "low": at / BINS,
            "high": (at + 1) / BINS,
            "count": int((where == at).sum()),
            "confidence": float(stated[where == at].mean()),
            "right": float(right[where == at].mean()),
        }
        for at in range(BINS)
        if (where == at).any()
    ]


def _risk_coverage(stated: Values, right: Values) -> list[dict[str, float]]:
    """Return, for falling thresholds, the share of questions answered and the share of those that is wrong.

    El-Yaniv and Wiener 2010. Questions of equal confidence are answered together.
    """
    order = np.argsort(-stated, kind="stable")
    answered = np.arange(1, len(order) + 1)
    risk = np.cumsum(1 - right[order]) / answered
    ends = np.flatnonzero(np.diff(stated[order], append=-1.0))  # the last of each group of equal confidence
    if len(ends) > POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).round().astype(int))]
    return [
        {
            "coverage": float(answered[end] / len(order)),
            "risk": float(risk[end]),
            "confidence": float(stated[order[end]]),
        }
        for end in ends
    ]


def _recall(judged: Sequence[Judged]) -> list[dict[str, float]]:
    """Return the share of questions with a right passage among the first k, for each k."""
    ranks = [one.passage_rank or DEPTH + 1 for one in judged if METRICS["recall@10"].counts(one)]
    if not ranks:
        return []
    return [{"k": k, "recall": float(np.mean([rank <= k for rank in ranks]))} for k in range(1, DEPTH + 1)]


def stages(seconds: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return median, 95th percentile and mean of each stage, over the questions that went through it."""
    result = {}
    for name in dict.fromkeys(name for one in seconds for name in one):
        values = [one[name] for one in seconds if name in one]
        p50, p95 = np.quantile(values, [0.5, 0.95])
        result[name] = {"p50": float(p50), "p95": float(p95), "mean": float(np.mean(values))}
    return result
