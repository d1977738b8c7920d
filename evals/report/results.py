"""Writes the page of results: ``python -m evals.report.results evals/RESULTS.md REPORT.json...``.

The reports are those of ``loccit eval --out DIR``, on the same weights. If a set is in several
reports, the last one counts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.measure.bootstrap import intervals
from evals.measure.metrics import METRICS
from evals.measure.outcomes import judged_of
from evals.report.contents import read_report
from evals.report.render import environment
from evals.report.tables import interval
from evals.sets.named import NAMES
from index.errors import LoccitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.measure.outcomes import Judged
    from evals.report.tables import Table

    Report = Mapping[str, Any]

#: Rows of each table, in order.
FIGURES = {
    "recall@10": "passage recall@10",
    "ranked@1": "sentence ranked first is right",
    "ranked@3": "one of the first three is right",
    "hit@1": "first quote shown is right (hit@1)",
    "shown_right": "answers shown that are right",
    "refusal_recall": "refusal recall",
    "refusal_precision": "refusal precision",
    "auroc": "AUROC of the confidence",
    "ece": "calibration error (ECE)",
}


def results(reports: Sequence[Report]) -> str:
    """Return the page on ``reports`` as Markdown.

    Raises:
        UsageError: the reports are on different weights or models.
    """
    made_with = {(report["model"], report["ranker"], report["threshold"]) for report in reports}
    if len(made_with) != 1:
        raise UsageError(
            f"{len(reports)} reports on {len(made_with)} combinations of model, weights and threshold.",
            "Give one or more reports on the same.",
        )
    sections = {name: _section(report, name) for report in reports for name in report["sets"]}
    made = max(report["made"] for report in reports)[:10]
    model, threshold = reports[0]["model"], reports[0]["threshold"]
    template = environment().get_template("results.md")
    return template.render(model=model, threshold=threshold, made=made, sections=sections)


def _section(report: Report, name: str) -> dict[str, Any]:
    """Return the command and the table of a set: a column per split of the questions asked."""
    rows = [row for row in report["outcomes"] if row["set"] == name]
    halves = {split: [row for row in rows if row["split"] == split] for split in ("dev", "test")}
    columns = {split: some for split, some in halves.items() if some}
    if report["split"] == "all":
        columns = {"all": rows, **(columns if len(columns) > 1 else {})}
    command = f"loccit eval --set {name} --split {report['split']}"
    if name in NAMES and name != "seeds":
        command += " --data DIR"
    judged = {split: [judged_of(row) for row in some] for split, some in columns.items()}
    return {"command": command, "papers": report["sets"][name]["papers"], "table": _table(judged)}


def _table(judged: Mapping[str, Sequence[Judged]]) -> Table:
    statistics = {key: METRICS[key].statistic for key in FIGURES}
    measured = [intervals(some, statistics) for some in judged.values()]
    rows = [["questions", *(str(len(some)) for some in judged.values())]]
    for key, title in FIGURES.items():
        cells = [
            f"{one[key].value:.3f} ({interval((one[key].low, one[key].high))})" if key in one else "–"
            for one in measured
        ]
        rows += [[title, *cells]] if set(cells) != {"–"} else []
    return ["", *judged], rows


def main(arguments: Sequence[str]) -> None:
    """Write the page.

    Raises:
        SystemExit: with a message, if a report is missing or unfit.
    """
    if len(arguments) < 2:
        raise SystemExit("usage: python -m evals.report.results RESULTS.md REPORT.json...")
    target, *paths = map(Path, arguments)
    try:
        text = results([read_report(path) for path in paths])
    except LoccitError as error:
        raise SystemExit(f"{error.message} {error.remedy}") from error
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
