"""Confidence intervals and significance: the bootstrap over questions.

Efron and Tibshirani 1993, "An introduction to the bootstrap", chapters 13 and 16;
for comparing runs on the same questions: Sakai 2006, "Evaluating evaluation metrics
based on the bootstrap", and Koehn 2004. The seed is fixed: the same runs give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evals.measure.metrics import Metric, Statistic, Values
from evals.measure.outcomes import Judged

Figure = Callable[[Values], Values]

RESAMPLES = 2000
SEED = 0
LEVEL = 0.95
#: Resamples drawn together, which bounds the memory of large sets.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its percentile interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one run minus that of an earlier one, on the same questions."""

    before: float
    after: float
    low: float  #: of the difference
    high: float
    p: float  #: two-sided: how often equal runs would differ this much

    @property
    def value(self) -> float:
        """The difference."""
        return self.after - self.before


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share ``count / total`` (Wilson 1927); from 0 to 1 for a total of 0."""
    from scipy.stats import binomtest

    if not total:
        return 0.0, 1.0
    found = binomtest(count, total).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def intervals(judged: Sequence[Judged], metrics: Mapping[str, Metric]) -> dict[str, Interval]:
    """Return each figure with its interval; figures with nothing to measure are left out.

    A share of all or none has Wilson's interval: resamples of equal values are equal, however few there are.
    """
    if not judged:
        return {}
    figures = {name: metric.statistic(judged) for name, metric in metrics.items()}
    values = {name: _whole(figure, len(judged)) for name, figure in figures.items()}
    drawn = _resampled(figures, len(judged))
    return {
        name: Interval(value, *(_of_equals(judged, metrics[name]) or _percentiles(drawn[name])))
        for name, value in values.items()
        if not np.isnan(value)
    }


def _of_equals(judged: Sequence[Judged], metric: Metric) -> tuple[float, float] | None:
    """Return the interval of a mean over questions that all score 1, or all 0; None for other figures."""
    scores = [score for one in judged if metric.score and (score := metric.score(one)) is not None]
    return wilson(int(sum(scores)), len(scores)) if set(scores) in ({0.0}, {1.0}) else None


def differences(
    before: Sequence[Judged], after: Sequence[Judged], statistics: Mapping[str, Statistic]
) -> dict[str, Difference]:
    """Return how each figure of ``after`` differs from that of ``before``; left out as above.

    Both are on the same questions in the same order, and each resample takes the same
    questions from both. The p value is that of the translated bootstrap distribution:
    under the null hypothesis, differences scatter around 0 as those of the resamples do
    around the observed difference.

    Raises:
        ValueError: the runs differ in length.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} questions before, {len(after)} after")
    if not before:
        return {}
    pairs = {name: (statistic(before), statistic(after)) for name, statistic in statistics.items()}
    drawn = _resampled({name: _minus(*pair) for name, pair in pairs.items()}, len(before))
    result = {}
    for name, pair in pairs.items():
        old, new = (_whole(figure, len(before)) for figure in pair)
        if not np.isnan(new - old):
            values = drawn[name][~np.isnan(drawn[name])]
            # The tolerance keeps rounding from making equal differences unequal.
            beyond = int((np.abs(values - (new - old)) >= abs(new - old) - 1e-12).sum())
            result[name] = Difference(old, new, *_percentiles(values), (beyond + 1) / (len(values) + 1))
    return result


def _minus(old: Figure, new: Figure) -> Figure:
    return lambda weights: new(weights) - old(weights)


def _whole(figure: Figure, questions: int) -> float:
    return float(figure(np.ones((1, questions)))[0])


def _resampled(figures: Mapping[str, Figure], questions: int) -> dict[str, Values]:
    """Return each figure of each resample, all figures from the same resamples."""
    generator = np.random.default_rng(SEED)
    parts: dict[str, list[Values]] = {name: [] for name in figures}
    for start in range(0, RESAMPLES, _BATCH):
        size = min(_BATCH, RESAMPLES - start)
        counts = generator.multinomial(questions, np.full(questions, 1 / questions), size)
        for name, figure in figures.items():
            parts[name].append(figure(counts.astype(np.float64)))
    return {name: np.concatenate(values) for name, values in parts.items()}


def holm(ps: Sequence[float]) -> list[float]:
    """Return p values corrected for multiple comparisons (Holm 1979), in the same order."""
    order = np.argsort(ps, kind="stable")
    corrected = [0.0] * len(ps)
    least = 0.0
    for rank, at in enumerate(order):
        least = max(least, min((len(ps) - rank) * ps[at], 1.0))
        corrected[at] = least
    return corrected


def _percentiles(values: Values) -> tuple[float, float]:
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
