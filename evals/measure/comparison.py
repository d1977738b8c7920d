"""Holds a run against an earlier one, question by question, and stops a fall that is no accident.

An earlier run is a ``report.json``, or a baseline: the judgements of a report without
any text. Only questions that are the same in both are compared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.measure.bootstrap import RESAMPLES, SEED, differences, holm
from evals.measure.metrics import METRICS
from evals.measure.outcomes import Judged, judged_of
from index.errors import LoccitError, UsageError, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evals.measure.bootstrap import Difference

#: The metrics whose fall fails the gate; they are corrected for being several (Holm).
GATED = ("recall@10", "ranked@1", "hit@1", "refusal_recall", "refusal_precision", "auroc", "ece")
#: How rare a difference must be among runs that do not differ, to be called one.
LEVEL = 0.05
BASELINE_FORMAT = 1
#: Stands for the committed baseline where a path is asked for.
COMMITTED = Path("baseline")


class Fallen(LoccitError):
    """A figure is significantly worse than in the run it is held against."""

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
    """Return the run in a report or a baseline; a path of nothing but "baseline" is the committed one.

    Raises:
        UsageError: there is no such file, or it is neither.
    """
    path = baseline_file() if path == COMMITTED else path
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = [{"set": found["set"], **row} for row in found["outcomes"]]
        return Earlier(path.name, found.get("made"), tuple(judged_of(row) for row in rows))
    except OSError as error:
        raise UsageError(f"{path}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}: not a report of loccit eval.", "Give a report.json.") from error


def baseline(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a report as a baseline: no text, and nothing that depends on the machine."""
    kept = [field.name for field in fields(Judged) if field.name != "seconds"]
    head = {key: report[key] for key in ("set", "split", "made", "model", "ranker", "threshold")}
    rows = [{name: _short(row[name]) for name in kept} for row in report["outcomes"]]
    return {"format": BASELINE_FORMAT, **head, "outcomes": rows}


def _short(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, float):
        return round(value, 6)
    return {key: _short(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def baseline_text(found: Mapping[str, Any]) -> str:
    """Return a baseline as JSON, one question a line, so that changes can be read as such."""
    head = {key: value for key, value in found.items() if key != "outcomes"}
    rows = ",\n".join(json.dumps(row) for row in found["outcomes"])
    return json.dumps(head)[:-1] + ', "outcomes": [\n' + rows + "\n]}\n"


def compare(earlier: Earlier, now: Iterable[Judged], resamples: int = RESAMPLES) -> dict[str, Any]:
    """Return the comparison as the report holds it.

    Raises:
        UsageError: the two have no question in common.
    """
    judged = list(now)
    pairs = _paired(earlier.judged, judged)
    if not pairs:
        raise UsageError(
            f"{earlier.name}: it has no question in common with this run.", "Compare runs of the same set."
        )
    rows = [
        row
        for name in dict.fromkeys(one.set for one in judged)
        for row in rows_of(name, [pair for pair in pairs if pair[1].set == name], resamples)
    ]
    changed = [
        {"set": new.set, "id": new.id, "was_right": old.correct, "is_right": new.correct}
        for old, new in pairs
        if old.correct != new.correct
    ]
    return {
        "against": earlier.name,
        "made": earlier.made,
        "questions": len(pairs),
        "unpaired": len(judged) - len(pairs),
        "resamples": resamples,
        "seed": SEED,
        "rows": rows,
        "changed": changed,
    }


def _paired(before: Sequence[Judged], after: Sequence[Judged]) -> list[tuple[Judged, Judged]]:
    """Return the questions that both have and that were not changed; old reports know no digest."""
    known = {(one.set, one.id): one for one in before}
    found = ((known.get((one.set, one.id)), one) for one in after)
    return [(old, new) for old, new in found if old is not None and old.digest in (None, new.digest)]


def rows_of(
    name: str, pairs: Sequence[tuple[Judged, Judged]], resamples: int = RESAMPLES
) -> list[dict[str, Any]]:
    """Return a row for each metric that both runs of a set have."""
    before, after = [old for old, _ in pairs], [new for _, new in pairs]
    statistics = {key: metric.statistic for key, metric in METRICS.items()}
    found = differences(before, after, statistics, resamples)
    gated = [key for key in GATED if key in found]
    corrected = dict(zip(gated, holm([found[key].p for key in gated]), strict=True))
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
        for key, one in found.items()
    ]


#: What a figure that is kept with six digits may differ by without having changed.
ROUNDED = 1e-5


def _verdict(found: Difference, p: float) -> str:
    if p >= LEVEL or abs(found.value) < ROUNDED:
        return "same"
    return "rose" if found.value > 0 else "fell"


def worse(row: Mapping[str, Any]) -> bool:
    """Tell whether a row says that a figure got significantly worse."""
    return bool(row["verdict"] == {"higher": "fell", "lower": "rose"}.get(row["better"]))


def hold_gate(comparison: Mapping[str, Any]) -> None:
    """Refuse a run in which a gated figure is significantly worse than in the earlier one.

    Raises:
        Fallen: all such figures are named.
    """
    fallen = [
        f"{row['set']} {row['metric']} {row['before']:.3f} -> {row['after']:.3f} (p {row['p']:.3f})"
        for row in comparison["rows"]
        if row["gated"] and worse(row)
    ]
    if fallen:
        raise Fallen(
            f"significantly worse than {comparison['against']}: {'; '.join(fallen)}.",
            "See which questions changed with --out; a change that is meant needs a new baseline: "
            "loccit eval --save-baseline evals/measure/baseline.json",
        )
