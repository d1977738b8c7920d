"""``loccit eval``: runs question sets, prints figures, writes reports, checks floors and gate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.table import Table
from rich.text import Text

from evals.measure.ablation import ablations, variants
from evals.measure.comparison import COMMITTED, baseline_text, compare, hold_gate, read_earlier
from evals.measure.ranking import write_trec
from evals.measure.runner import Run, answering, run
from evals.report import tables
from evals.report.contents import report as report_of
from evals.report.floors import hold_floors
from evals.report.render import markdown, page
from evals.report.tables import Table as Rows
from evals.sets.named import QuestionSet, load
from index.errors import StorageError, UsageError
from index.files import sha256_of
from index.ingest.report import Progress as Report
from index.place import Place
from qa.rank.select import CrossEncoderRanker
from qa.show.progress import Progress, reporting
from qa.show.terminal import emit, err, out, say, visible, warn

#: Figures printed below the table, with their intervals.
_MORE = (
    *("hit@1", "ranked@1", "answered_right", "answered", "missed"),
    *("answered_wrongly", "followup", "auroc", "ece", "aurc", "seconds_p50"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What is evaluated, and where the results go."""

    sets: Sequence[str] = ("seeds",)  #: names of ``evals.sets.names.NAMES``, or files
    split: str = "all"
    index: Place | None = None  #: for sets without papers of their own
    data: Path | None = None  #: folder of the public sets
    work: Path | None = None  #: keeps indexes between runs
    papers: int | None = None  #: most papers per set
    limit: int | None = None  #: most questions per set
    cross_encoder: Path | None = None  #: folder of a model that ranks the sentences
    reader: str | None = None  #: "small" or "large"; None for the largest installed one
    calibration: bool = True  #: use the thresholds that were fitted to the user's own questions
    out: Path | None = None  #: folder for report.json, report.md and report.html
    trec: Path | None = None  #: folder for TREC's run and qrels files
    against: Path | None = None  #: an earlier report
    ablate: bool = False
    floors: bool = False
    gate: bool = False
    save_baseline: Path | None = None
    as_json: bool = False
    progress: Progress = Progress.AUTO


def evaluate(options: Options) -> None:
    """Evaluate and report.

    Raises:
        BelowFloor: ``options.floors``, and a figure is below its floor.
        Regression: ``options.gate``, and a figure is significantly worse than the baseline.
        UsageError: there is no such question set or earlier report, or the index lacks the set's papers.
        StorageError: a report cannot be written.
    """
    _check_places(options)
    sets = [
        load(
            name, options.data, options.split, papers=options.papers, limit=options.limit, index=options.index
        )
        for name in dict.fromkeys(options.sets)
    ]
    earlier = read_earlier(options.against) if options.against else None
    base = read_earlier(COMMITTED) if options.gate else None
    began = perf_counter()
    with reporting(options.progress) as progress:
        runs, without = _run_all(sets, options, progress)
    warn(_on_what_was_fitted(options.sets, runs))
    report = report_of(runs, options.split, perf_counter() - began)
    judged = [one for run in runs for one in run.judged]
    gated = compare(base, judged) if base else None
    if comparison := compare(earlier, judged) if earlier else gated:
        report["comparison"] = comparison
    if options.ablate:
        report["ablations"] = ablations(runs, without)
    _write(report, runs, options)
    if options.as_json:
        emit({key: value for key, value in report.items() if key != "outcomes"})
    else:
        _print(report)
    if options.floors:
        hold_floors(report["sets"], options.split)
    if gated:
        hold_gate(gated)
        err().print(Text(f"No figure is significantly worse than {gated['against']}."))


def _check_places(options: Options) -> None:
    """Raise a ``UsageError`` where a report could not be written, before the hours that it takes to make."""
    for folder in (options.out, options.trec):
        if folder is not None and folder.is_file():
            raise UsageError(f"{folder}: a file, not a folder.", "Name a folder for the report.")
    if options.save_baseline is not None and options.save_baseline.is_dir():
        raise UsageError(f"{options.save_baseline}: a folder, not a file.", "Name a file for the baseline.")


def _run_all(
    sets: Sequence[QuestionSet], options: Options, progress: Report
) -> tuple[list[Run], dict[str, list[Run]]]:
    """Return the run of each set, and for each ablation the runs of all sets."""
    runs: list[Run] = []
    without: dict[str, list[Run]] = {}
    ranker = CrossEncoderRanker(options.cross_encoder) if options.cross_encoder else None
    for chosen in sets:
        with answering(
            chosen,
            options.index,
            options.work,
            progress,
            options.reader or "",
            calibration=options.calibration,
        ) as (answerer, cases):
            warn(answerer.warnings)
            whole = answerer.ranked_by(ranker) if ranker else answerer
            runs.append(run(whole, cases, chosen, progress))
            for name, variant in variants(whole).items() if options.ablate else ():
                without.setdefault(name, []).append(run(variant, cases, chosen, progress, note=f", {name}"))
    return runs, without


def _on_what_was_fitted(names: Sequence[str], runs: Sequence[Run]) -> list[str]:
    """Return a warning if the thresholds in use were fitted to questions that are measured."""
    fitted = {run.calibration.digest for run in runs if run.calibration}
    measured = [Path(name) for name in names if Path(name).is_file()]
    if fitted.isdisjoint(sha256_of(path) for path in measured):
        return []
    return ["The thresholds were fitted to these questions: the figures are better than those on new ones."]


def _write(report: Mapping[str, Any], runs: Sequence[Run], options: Options) -> None:
    files: dict[Path, str] = {}
    if options.out is not None:
        files[options.out / "report.json"] = json.dumps(report, ensure_ascii=False, indent=1)
        files[options.out / "report.md"] = markdown(report)
        files[options.out / "report.html"] = page(report)
    if options.save_baseline is not None:
        files[options.save_baseline] = baseline_text(report)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        if options.trec is not None:
            for one in runs:
                rankings = {outcome.judged.id: outcome.ranking for outcome in one.outcomes}
                write_trec(options.trec, one.name, rankings)
    except OSError as error:
        raise StorageError(
            f"{error.filename}: {error.strerror}.", "Check the path and the disk's free space."
        ) from error


def _print(report: Mapping[str, Any]) -> None:
    for name, figures in report["sets"].items():
        if len(report["sets"]) > 1:
            out().print(Text(visible(name), style="bold"))
        _table(tables.by_type(figures), left=1)
        if few := tables.caution(figures["questions"]):
            say(few, "yellow")
        out().print(Text(tables.LEGEND, style="dim"))
        out().print(Text(" · ".join(_figure(key, figures) for key in _MORE if figures[key] is not None)))
    fitted = f" (fitted: {report['calibration']})" if report.get("calibration") else ""
    say(f"threshold {tables.shown(report['threshold'])}{fitted}")
    if "comparison" in report:
        out().print(Text(visible(tables.compared_with(report))))
        _table(tables.comparison(report), left=2)
    if "ablations" in report:
        _table(tables.ablations(report), left=3)


def _figure(key: str, figures: Mapping[str, Any]) -> str:
    bounds = tables.interval(figures["intervals"].get(key))
    return f"{key} {tables.shown(figures[key])}" + (f" ({bounds})" if bounds else "")


def _table(content: Rows, *, left: int) -> None:
    """Print a table whose first ``left`` columns are words."""
    heads, rows = content
    table = Table(show_edge=False, pad_edge=False)
    for at, head in enumerate(heads):
        table.add_column(head, justify="left" if at < left or head == "verdict" else "right")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    out().print(table)
