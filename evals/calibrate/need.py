"""How many questions a share needs to be known, and how many a calibration needs."""

from __future__ import annotations

from math import ceil

from evals.calibrate.fit import MISSED
from evals.measure.bootstrap import wilson

#: Half the width of the 95 % interval of "right of the sure answers", were all answerable questions answered.
HALF_WIDTH = 0.10
#: Upper end of the interval of "answered wrongly" where no unanswerable question was.
MOST_WRONGLY = 0.28
#: Rarer outcomes per fitted parameter (Peduzzi et al. 1996), for the two that correct the confidence.
EVENTS = 10


def trials_for(share: float, half_width: float) -> int:
    """Return the least number of trials in which about ``share`` is known to within ``half_width``."""
    total = 1
    while True:
        low, high = wilson(round(share * total), total)
        if (high - low) / 2 <= half_width:
            return total
        total += 1


def least_answerable(right: float) -> int:
    """Return how many answerable questions a threshold for a share of ``right`` needs.

    With fewer, the share could not be told to within ``HALF_WIDTH`` even if all were answered, and one
    question called not found would be more than ``MISSED``.
    """
    return max(trials_for(right, HALF_WIDTH), ceil(1 / MISSED))


def least_unanswerable() -> int:
    """Return how many unanswerable questions show that no more than ``MOST_WRONGLY`` are answered."""
    total = 1
    while wilson(0, total)[1] > MOST_WRONGLY:
        total += 1
    return total


def least_answers(right: float) -> int:
    """Return how many sure answers tell a share of ``right`` from all: one of them may be wrong."""
    return ceil(round(1 / (1 - right), 9))


def corrects(right: int, wrong: int) -> bool:
    """Tell whether so many right and wrong sentences are enough to correct the confidence."""
    return min(right, wrong) >= 2 * EVENTS


def lacking(answerable: int, unanswerable: int, right: float) -> str:
    """Return in words which questions are missing for a calibration; empty if there are enough."""
    more = max(least_answerable(right) - answerable, 0), max(least_unanswerable() - unanswerable, 0)
    kinds = ("more that the papers answer", "more that they do not")
    return " and ".join(f"{count} {kind}" for count, kind in zip(more, kinds, strict=True) if count)
