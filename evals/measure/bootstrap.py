"""How sure a figure is, and whether two runs differ: the bootstrap over questions.

Efron and Tibshirani 1993, "An introduction to the bootstrap", chapters 13 and 16;
for comparing runs on the same questions: Sakai 2006, "Evaluating evaluation metrics
based on the bootstrap", and Koehn 2004. Resamples are drawn with a fixed seed, so
the same runs always give the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from evals.measure.metrics import Statistic, Values
    from evals.measure.outcomes import Judged

    Figure = Callable[[Values], Values]

RESAMPLES = 2000
SEED = 0
LEVEL = 0.95
#: Resamples drawn at once, for large sets not to fill the memory.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its percentile interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one run less that of an earlier one, on the same questions."""

    before: float
    after: float
    low: float  #: of the difference
    high: float
    p: float  #: two-sided: how often runs that do not differ would differ as much

    @property
    def value(self) -> float:
        """The difference."""
        return self.after - self.before


def intervals(
    found: Sequence[Judged], statistics: Mapping[str, Statistic], resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """Return each figure with its interval; those with nothing to measure are left out."""
    if not found:
        return {}
    made = {name: statistic(found) for name, statistic in statistics.items()}
    ones = np.ones((1, len(found)))
    values = {name: float(figure(ones)[0]) for name, figure in made.items()}
    drawn = _resampled(made, len(found), resamples)
    return {
        name: Interval(value, *_percentiles(drawn[name]))
        for name, value in values.items()
        if not np.isnan(value)
    }


def differences(
    before: Sequence[Judged],
    after: Sequence[Judged],
    statistics: Mapping[str, Statistic],
    resamples: int = RESAMPLES,
) -> dict[str, Difference]:
    """Return how each figure of ``after`` differs from that of ``before``; left out as above.

    The two are on the same questions in the same order, and each resample takes the
    same questions from both. The p value is that of the test by the translated
    bootstrap distribution: under the hypothesis of no difference, differences scatter
    around 0 as those of the resamples do around the difference found.

    Raises:
        ValueError: the runs are not of equal length.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} questions before, {len(after)} after")
    if not before:
        return {}
    made = {name: _minus(statistic(after), statistic(before)) for name, statistic in statistics.items()}
    ones = np.ones((1, len(before)))
    drawn = _resampled(made, len(before), resamples)
    found = {}
    for name, statistic in statistics.items():
        old, new = float(statistic(before)(ones)[0]), float(statistic(after)(ones)[0])
        if not np.isnan(new - old):
            values = drawn[name][~np.isnan(drawn[name])]
            # Equal but for rounding counts as equal.
            beyond = int((np.abs(values - (new - old)) >= abs(new - old) - 1e-12).sum())
            found[name] = Difference(old, new, *_percentiles(values), (beyond + 1) / (len(values) + 1))
    return found


def _minus(one: Figure, other: Figure) -> Figure:
    return lambda weights: one(weights) - other(weights)


def _resampled(figures: Mapping[str, Figure], questions: int, resamples: int) -> dict[str, Values]:
    """Return each figure of each resample, all figures from the same resamples."""
    parts: dict[str, list[Values]] = {name: [] for name in figures}
    for weights in _draws(questions, resamples):
        for name, figure in figures.items():
            parts[name].append(figure(weights))
    return {name: np.concatenate(values) for name, values in parts.items()}


def holm(ps: Sequence[float]) -> list[float]:
    """Return p values corrected for there being several (Holm 1979), in the same order."""
    order = np.argsort(ps, kind="stable")
    corrected = [0.0] * len(ps)
    least = 0.0
    for rank, at in enumerate(order):
        least = max(least, min((len(ps) - rank) * ps[at], 1.0))
        corrected[at] = least
    return corrected


def _draws(questions: int, resamples: int) -> Iterator[Values]:
    """Yield how often each question is in each resample, shape (some resamples, questions)."""
    generator = np.random.default_rng(SEED)
    for start in range(0, resamples, _AT_ONCE):
        size = min(_AT_ONCE, resamples - start)
        yield generator.multinomial(questions, np.full(questions, 1 / questions), size).astype(np.float64)


def _percentiles(values: Values) -> tuple[float, float]:
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
