"""Writes the page of results: ``python -m evals.report.results evals/RESULTS.md REPORT.json...``.

The reports are those of ``loccit eval --reader READER --out DIR``, on the same weights for each reader. If
a set is in several reports with the same reader, the last one counts.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.measure.bootstrap import intervals
from evals.measure.metrics import METRICS, summary
from evals.measure.outcomes import Judged, judged_of
from evals.report.contents import read_report
from evals.report.render import environment
from evals.report.tables import Table, interval, shown
from evals.sets.names import NAMES
from index.errors import LoccitError, UsageError

Report = Mapping[str, Any]

#: Rows of each table, in order.
FIGURES = {
    "recall@10": "passage recall@10",
    "ranked@1": "sentence ranked first is right",
    "ranked@3": "one of the first three is right",
    "coverage": "answered",
    "answered_right": "answers that are right",
    "possible": "possible answers shown",
    "possible_right": "right sentence among them, if the papers answer",
    "hit@3": "right sentence among all shown, if the papers answer",
    "answered": "answerable questions that are answered",
    "missed": "answerable questions called not found",
    "answered_wrongly": "unanswerable questions that are answered",
    "refusal_recall": "unanswerable questions called not found",
    "auroc": "AUROC of answerable against not",
    "ece": "calibration error (ECE)",
}


#: Figures of the table by type of question.
BY_TYPE = ("ranked@1", "hit@3", "refusal_recall")


def results(reports: Sequence[Report]) -> str:
    """Return the page on ``reports`` as Markdown.

    Raises:
        UsageError: reports with the same reader are on different weights or models.
    """
    made_with = {(one["reader"], one["model"], one["ranker"], one["threshold"]) for one in reports}
    thresholds = {reader: threshold for reader, _, _, threshold in sorted(made_with, reverse=True)}
    if len(made_with) != len(thresholds):
        raise UsageError(
            f"{len(reports)} reports on {len(made_with)} combinations of reader, model and weights.",
            "Give reports on the same weights for each reader.",
        )
    sets = {name: report["split"] for report in reports for name in report["sets"]}
    sections = {
        name: _section({one["reader"]: one for one in reports if name in one["sets"]}, name, split)
        for name, split in sets.items()
    }
    made = max(report["made"] for report in reports)[:10]
    template = environment().get_template("results.md")
    return template.render(model=reports[0]["model"], thresholds=thresholds, made=made, sections=sections)


def _section(by_reader: Mapping[str, Report], name: str, split: str) -> dict[str, Any]:
    """Return the command and the tables of a set: a column per half of the questions and reader."""
    judged: dict[str, list[Judged]] = {}
    for half in ("dev", "test"):
        for reader, report in by_reader.items():
            rows = [row for row in report["outcomes"] if (row["set"], row["split"]) == (name, half)]
            if rows:
                judged[f"{half}, {reader}"] = [judged_of(row) for row in rows]
    command = f"loccit eval --set {name} --split {split}"
    if name in NAMES and name != "seeds":
        command += " --data DIR"
    papers = next(iter(by_reader.values()))["sets"][name]["papers"]
    last = {column: some for column, some in judged.items() if column.startswith("test")} or judged
    return {"command": command, "papers": papers, "table": _table(judged), "types": _types(last)}


def _types(judged: Mapping[str, Sequence[Judged]]) -> Table:
    """Return a row per type of question: how many, and each figure of ``BY_TYPE`` by column of ``judged``."""
    measured = {column: summary(some)["types"] for column, some in judged.items()}
    first = next(iter(measured.values()))
    heads = [f"{key}, {column.rpartition(', ')[2]}" for key in BY_TYPE for column in measured]
    rows = [
        [
            name or "–",
            str(figures["questions"]),
            *(shown(types[name].get(key)) for key in BY_TYPE for types in measured.values()),
        ]
        for name, figures in first.items()
    ]
    return ["type", "questions", *heads], rows


def _table(judged: Mapping[str, Sequence[Judged]]) -> Table:
    metrics = {key: METRICS[key] for key in FIGURES}
    measured = [intervals(some, metrics) for some in judged.values()]
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
