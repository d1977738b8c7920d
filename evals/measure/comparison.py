"""Compares a run with an earlier one, question by question; the gate fails on a significant regression.

An earlier run is a ``report.json`` or a baseline: the judgements of a report without
any text. Only questions that are the same in both are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from evals.measure.bootstrap import RESAMPLES, SEED, Difference, differences, holm
from evals.measure.metrics import METRICS
from evals.measure.outcomes import Judged, judged_of
from index.errors import LoccitError, UsageError, why_unreadable

#: Metrics that the gate checks; their p values are corrected for their number (Holm).
GATED = (
    *("recall@10", "ranked@1", "hit@3", "answered_right", "missed", "answered_wrongly"),
    *("refusal_recall", "auroc", "ece"),
)
#: Significance level.
LEVEL = 0.05
#: Differences below this come from the six digits of a baseline.
ROUNDING = 1e-5
BASELINE_FORMAT = 2
#: Stands for the committed baseline where a path is asked for.
COMMITTED = Path("baseline")


class Regression(LoccitError):
    """A figure is significantly worse than in the run that it is compared with."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run."""

    name: str
    made: str | None
    judged: tuple[Judged, ...]


def baseline_file() -> Path:
    """Return the committed baseline."""
    return Path(str(resources.files("evals.measure"))) / "baseline.json"


def read_earlier(path: Path) -> Earlier:
    """Return the run in a report or a baseline; the path "baseline" is the committed one.

    Raises:
        UsageError: there is no such file, or it is neither.
    """
    path = baseline_file() if path == COMMITTED else path
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        judged = tuple(judged_of(row) for row in content["outcomes"])
        return Earlier(path.name, content.get("made"), judged)
    except OSError as error:
        raise UsageError(f"{path}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}: not a report of loccit eval.", "Give a report.json.") from error


def baseline_text(report: Mapping[str, Any]) -> str:
    """Return what a baseline keeps of a report, as JSON: no text, and no time, which depends on the machine.

    One question per line, for readable diffs.
    """
    kept = [field.name for field in fields(Judged) if field.name != "seconds"]
    head = {key: report[key] for key in ("set", "split", "made", "model", "ranker", "threshold")}
    rows = [json.dumps({name: _short(row[name]) for name in kept}) for row in report["outcomes"]]
    start = json.dumps({"format": BASELINE_FORMAT, **head})[:-1]
    return start + ', "outcomes": [\n' + ",\n".join(rows) + "\n]}\n"


def _short(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, float):
        return round(value, 6)
    return {key: _short(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def compare(earlier: Earlier, now: Iterable[Judged]) -> dict[str, Any]:
    """Return the comparison as the report holds it.

    Raises:
        UsageError: the two have no question in common.
    """
    judged = list(now)
    known = {(one.set, one.id, one.digest): one for one in earlier.judged}
    matched = ((known.get((one.set, one.id, one.digest)), one) for one in judged)
    pairs = [(old, new) for old, new in matched if old is not None]
    if not pairs:
        raise UsageError(
            f"{earlier.name}: it has no question in common with this run.", "Compare runs of the same set."
        )
    return {
        "against": earlier.name,
        "made": earlier.made,
        "questions": len(pairs),
        "unpaired": len(judged) - len(pairs),
        "resamples": RESAMPLES,
        "seed": SEED,
        "rows": [
            row
            for name in dict.fromkeys(new.set for _, new in pairs)
            for row in rows_of(name, [pair for pair in pairs if pair[1].set == name])
        ],
        "changed": [
            {"set": new.set, "id": new.id, "was_right": old.correct, "is_right": new.correct}
            for old, new in pairs
            if old.correct != new.correct
        ],
    }


def rows_of(name: str, pairs: Sequence[tuple[Judged, Judged]]) -> list[dict[str, Any]]:
    """Return a row per metric that both runs of a set have."""
    before, after = [old for old, _ in pairs], [new for _, new in pairs]
    statistics = {key: metric.statistic for key, metric in METRICS.items()}
    changes = differences(before, after, statistics)
    gated = [key for key in GATED if key in changes]
    corrected = dict(zip(gated, holm([changes[key].p for key in gated]), strict=True))
    return [
        {
            "set": name,
            "metric": key,
            "before": one.before,
            "after": one.after,
            "difference": one.value,
            "low": one.low,
            "high": one.high,
            "p": corrected.get(key, one.p),
            "verdict": _verdict(one, corrected.get(key, one.p)),
            "gated": key in corrected,
            "better": METRICS[key].better,
            "questions": len(pairs),
        }
        for key, one in changes.items()
    ]


def _verdict(change: Difference, p: float) -> str:
    if p >= LEVEL or abs(change.value) < ROUNDING:
        return "same"
    return "rose" if change.value > 0 else "fell"


def worse(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of a comparison is a significant regression."""
    return bool(row["verdict"] == {"higher": "fell", "lower": "rose"}.get(row["better"]))


def hold_gate(comparison: Mapping[str, Any]) -> None:
    """Refuse a run in which a gated figure is significantly worse than in the earlier one.

    Raises:
        Regression: all such figures are named.
    """
    regressions = [
        f"{row['set']} {row['metric']} {row['before']:.3f} -> {row['after']:.3f} (p {row['p']:.3f})"
        for row in comparison["rows"]
        if row["gated"] and worse(row)
    ]
    if regressions:
        raise Regression(
            f"significantly worse than {comparison['against']}: {'; '.join(regressions)}.",
            "See which questions changed with --out. An intended change needs a new baseline: "
            "loccit eval --save-baseline evals/measure/baseline.json",
        )
