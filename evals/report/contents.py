"""The report of an evaluation as plain data: what ``report.json`` holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.measure.bootstrap import intervals
from evals.measure.curves import curves, stages
from evals.measure.metrics import METRICS, failures, summary
from evals.measure.outcomes import as_row
from evals.measure.runner import Run
from index.errors import FormatMismatch
from index.files import refusals
from qa.calibration import in_words

FORMAT = 5


def report(runs: Sequence[Run], split: str, seconds: float) -> dict[str, Any]:
    """Return the report of ``runs``, one per set, that took ``seconds`` together.

    Raises:
        ValueError: there is no run.
    """
    if not runs:
        raise ValueError("a report needs a run")
    outcomes = [outcome for run in runs for outcome in run.outcomes]
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "set": " + ".join(run.name for run in runs),
        "split": split,
        "model": ", ".join(dict.fromkeys(run.model for run in runs)),
        "ranker": ", ".join(dict.fromkeys(run.ranker for run in runs)),
        "reader": runs[0].reader,
        "threshold": runs[0].threshold,
        "calibration": in_words(runs[0].calibration) if runs[0].calibration else None,
        **summary([outcome.judged for outcome in outcomes]),
        "sets": {run.name: _set(run) for run in runs},
        "outcomes": [{**as_row(one), "failures": failures(one.judged)} for one in outcomes],
    }


def _set(run: Run) -> dict[str, Any]:
    return {
        "papers": run.papers,
        "passages": run.passages,
        **summary(run.judged),
        "curves": curves(run.judged),
        "stages": stages([outcome.stages for outcome in run.outcomes]),
        "intervals": {name: [one.low, one.high] for name, one in intervals(run.judged, METRICS).items()},
    }


def read_report(path: Path) -> dict[str, Any]:
    """Return the report in the file at ``path``.

    Raises:
        FormatMismatch: the file is not a report, or one of another version.
        StorageError: the file cannot be read.
    """
    with refusals(path):
        data = path.read_bytes()
    remedy = "Run the evaluation again."
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatMismatch(f"{path}: not a report.", remedy) from error
    if not isinstance(content, dict) or not isinstance(content.get("outcomes"), list):
        raise FormatMismatch(f"{path}: not a report.", remedy)
    if content.get("format") != FORMAT:
        raise FormatMismatch(f"{path}: format {content.get('format')}; this version reads {FORMAT}.", remedy)
    return content
