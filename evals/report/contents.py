"""Everything that is known of an evaluation, as one object: what ``report.json`` holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evals.measure.bootstrap import intervals
from evals.measure.curves import curves, stages
from evals.measure.metrics import METRICS, failures, summary
from evals.measure.outcomes import as_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.measure.runner import Run

FORMAT = 2
_COUNTS = {
    "questions": "Questions",
    "answerable": "Answerable questions",
    "refused_rightly": "Unanswerable questions refused",
}
_SECONDS = {"seconds_p50": "Seconds for a question, median", "seconds_p95": "Seconds, 95th percentile"}


def report(runs: Sequence[Run], split: str, seconds: float) -> dict[str, Any]:
    """Return the report of ``runs``, a set each, that took ``seconds`` together.

    Raises:
        ValueError: there is no run.
    """
    if not runs:
        raise ValueError("a report needs a run")
    outcomes = [outcome for run in runs for outcome in run.outcomes]
    everything = [outcome.judged for outcome in outcomes]
    sets = {run.name: _set(run) for run in runs}
    alone = next(iter(sets.values())) if len(sets) == 1 else None
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "set": " + ".join(sets),
        "split": split,
        "model": ", ".join(dict.fromkeys(run.model for run in runs)),
        "ranker": ", ".join(dict.fromkeys(run.ranker for run in runs)),
        "threshold": runs[0].threshold,
        **summary(everything),
        "sets": sets,
        "curves": alone["curves"] if alone else curves(everything),
        "stages": alone["stages"] if alone else stages([outcome.stages for outcome in outcomes]),
        "intervals": alone["intervals"] if alone else {},
        "metrics": described(),
        "outcomes": [{**as_row(one), "failures": failures(one.judged)} for one in outcomes],
    }


def _set(run: Run) -> dict[str, Any]:
    statistics = {name: metric.statistic for name, metric in METRICS.items()}
    found = intervals(run.judged, statistics)
    return {
        "papers": run.papers,
        "passages": run.passages,
        **summary(run.judged),
        "curves": curves(run.judged),
        "stages": stages([outcome.stages for outcome in run.outcomes]),
        "intervals": {name: [one.low, one.high] for name, one in found.items()},
    }


def described() -> dict[str, dict[str, str]]:
    """Return, for each figure, its title for people, which way is better, and its unit."""
    counts = {name: {"title": title, "better": "", "unit": "count"} for name, title in _COUNTS.items()}
    shares = {
        name: {"title": metric.title, "better": metric.better, "unit": "share"}
        for name, metric in METRICS.items()
    }
    seconds = {
        name: {"title": title, "better": "lower", "unit": "seconds"} for name, title in _SECONDS.items()
    }
    return {**counts, **shares, **seconds}
