"""``loccit eval``: runs question sets, prints the figures, writes the reports, holds floors and gate."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from evals.measure.ablation import ablations, variants
from evals.measure.comparison import COMMITTED, baseline, baseline_text, compare, hold_gate, read_earlier
from evals.measure.runner import asked_on, run
from evals.measure.trec import write_trec
from evals.report import shown
from evals.report.contents import report as report_of
from evals.report.floors import hold_floors
from evals.report.html import html
from evals.report.markdown import markdown
from evals.report.progress import Kind
from evals.report.progress import shown as progress_shown
from evals.sets.named import load
from index.errors import StorageError, UsageError
from qa.rank.select import CrossEncoderRanker
from qa.show.terminal import emit, err, out, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from evals.measure.comparison import Earlier
    from evals.measure.runner import Progress, Run
    from evals.report.shown import Table as Rows
    from evals.sets.named import QuestionSet

#: Figures printed below the table, with their intervals.
_MORE = (
    "hit@1",
    "ranked@1",
    "shown_right",
    "place_right",
    "accuracy",
    "followup",
    "auroc",
    "ece",
    "aurc",
    "seconds_p50",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which questions are put to which papers."""

    sets: Sequence[str] = ("seeds",)  #: names of ``evals.sets.named.NAMES``, or files
    split: str = "all"
    index: Path | None = None  #: for sets without papers of their own
    data: Path | None = None  #: folder of the public sets
    work: Path | None = None  #: keeps indexes between runs
    papers: int | None = None  #: most papers of a set
    limit: int | None = None  #: most questions of a set
    cross_encoder: Path | None = None  #: folder of a model that puts the sentences into their order


@dataclass(frozen=True, slots=True)
class Wanted:
    """What becomes of the figures."""

    out: Path | None = None  #: folder for report.json, report.md and report.html
    trec: Path | None = None  #: folder for TREC's run and qrels files
    against: Path | None = None  #: an earlier report
    ablate: bool = False
    floors: bool = False
    gate: bool = False
    save_baseline: Path | None = None
    as_json: bool = False
    progress: Kind = field(default=Kind.AUTO)


def evaluate(asked: Asked, wanted: Wanted) -> None:
    """Evaluate and report.

    Raises:
        BelowFloor: floors are to be held and a figure is below its one.
        Fallen: the gate is to be held and a figure fell significantly below the baseline.
        UsageError: there is no such question set or earlier report, the index lacks the set's papers, or
            a report cannot be written where it is wanted.
        StorageError: the disk refused a report.
    """
    _check_places(wanted)
    sets = [
        load(name, asked.data, asked.split, papers=asked.papers, limit=asked.limit)
        for name in dict.fromkeys(asked.sets)
    ]
    earlier = read_earlier(wanted.against) if wanted.against else None
    base = read_earlier(COMMITTED) if wanted.gate else None
    began = perf_counter()
    with progress_shown(wanted.progress) as told:
        runs, without = _run_all(sets, asked, told, ablate=wanted.ablate)
    report = report_of(runs, asked.split, perf_counter() - began)
    gated = _compared(base, runs)
    comparison = _compared(earlier, runs) or gated
    if comparison:
        report["comparison"] = comparison
    if wanted.ablate:
        report["ablations"] = ablations(runs, without)
    _write(report, runs, wanted)
    _print(report, as_json=wanted.as_json)
    if wanted.floors:
        hold_floors({name: report["sets"][name] for name in report["sets"]}, asked.split)
    if gated:
        hold_gate(gated)
        err().print(Text(f"Nothing is significantly worse than {gated['against']}."))


def _check_places(wanted: Wanted) -> None:
    """Raise a ``UsageError`` where a report could not be written, before the hours that it takes to make."""
    for folder in (wanted.out, wanted.trec):
        if folder is not None and folder.is_file():
            raise UsageError(f"{folder}: a file, not a folder.", "Name a folder for the report.")
    if wanted.save_baseline is not None and wanted.save_baseline.is_dir():
        raise UsageError(f"{wanted.save_baseline}: a folder, not a file.", "Name a file for the baseline.")


def _run_all(
    sets: Sequence[QuestionSet], asked: Asked, told: Progress, *, ablate: bool
) -> tuple[list[Run], dict[str, list[Run]]]:
    runs: list[Run] = []
    without: dict[str, list[Run]] = {}
    ranker = CrossEncoderRanker(asked.cross_encoder) if asked.cross_encoder else None
    for chosen in sets:
        with asked_on(chosen, asked.index, asked.work, told) as (found, cases):
            answerer = found.ranked_by(ranker) if ranker else found
            runs.append(run(answerer, cases, chosen, told))
            for name, lacking in variants(answerer).items() if ablate else ():
                without.setdefault(name, []).append(run(lacking, cases, chosen, told, note=f", {name}"))
    return runs, without


def _compared(earlier: Earlier | None, runs: Sequence[Run]) -> dict[str, Any] | None:
    return compare(earlier, [one for run in runs for one in run.judged]) if earlier else None


def _write(report: Mapping[str, Any], runs: Sequence[Run], wanted: Wanted) -> None:
    files: list[tuple[Path, Callable[[], str]]] = []
    if wanted.out is not None:
        files = [
            (wanted.out / "report.json", lambda: json.dumps(report, ensure_ascii=False, indent=1)),
            (wanted.out / "report.md", lambda: markdown(report)),
            (wanted.out / "report.html", lambda: html(report)),
        ]
    if wanted.save_baseline is not None:
        files.append((wanted.save_baseline, lambda: baseline_text(baseline(report))))
    try:
        for path, text in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(), encoding="utf-8", errors="backslashreplace")
        if wanted.trec is not None:
            for one in runs:
                write_trec(wanted.trec, one.name, one.outcomes, "loccit")
    except OSError as error:
        raise StorageError(
            f"{error.filename}: {error.strerror}.", "Check the path and the disk's free space."
        ) from error


def _print(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit({key: value for key, value in report.items() if key != "outcomes"})
        return
    for name, figures in report["sets"].items():
        if len(report["sets"]) > 1:
            out().print(Text(visible(name), style="bold"))
        _table(shown.by_type(figures), left=1)
        out().print(Text(shown.LEGEND, style="dim"))
        out().print(Text(" · ".join(_figure(key, figures) for key in _MORE if figures[key] is not None)))
    out().print(Text(f"threshold {shown.shown(report['threshold'])}"))
    if "comparison" in report:
        out().print(Text(shown.compared_with(report)))
        _table(shown.comparison(report), left=2)
    if "ablations" in report:
        _table(shown.ablations(report), left=3)


def _figure(key: str, figures: Mapping[str, Any]) -> str:
    found = figures["intervals"].get(key)
    return f"{key} {shown.shown(figures[key])}" + (f" [{found[0]:.3f}, {found[1]:.3f}]" if found else "")


def _table(content: Rows, *, left: int) -> None:
    """Print a table whose first ``left`` columns are words."""
    heads, rows = content
    table = Table(show_edge=False, pad_edge=False)
    for at, head in enumerate(heads):
        table.add_column(head, justify="left" if at < left or head == "verdict" else "right")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    out().print(table)
