"""``loccit eval``: runs a question set, prints the figures, writes the report, holds the floors."""

from __future__ import annotations

import json
import tempfile
import tomllib
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from evals.corpora import read_cases
from evals.measure import as_rows, measure, summary
from index.errors import IndexMissing, LoccitError, UsageError
from qa.session import opened
from qa.terminal import emit, err, out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.corpora import Case
    from evals.measure import Outcome
    from qa.answer import Answerer

#: Figures of the table, with heads short enough for 80 columns.
_COLUMNS = {
    "questions": "n",
    "recall@1": "r@1",
    "recall@5": "r@5",
    "recall@10": "r@10",
    "mrr": "MRR",
    "hit@1": "hit@1",
    "hit@3": "hit@3",
    "f1": "F1",
    "refusal_precision": "refP",
    "refusal_recall": "refR",
}
_LEGEND = (
    "r@1, r@5, r@10: recall@1, recall@5, recall@10 of passages; hit@k: a right quote among the first k; "
    "refP, refR: precision and recall of refusals"
)


class BelowFloor(LoccitError):
    """A figure is below the floor that the evaluation must keep."""

    exit_code = 1


def run(
    questions: Path | None, folder: Path | None, *, split: str, out: Path | None, floors: bool, as_json: bool
) -> None:
    """Evaluate and report.

    Args:
        questions: JSON lines of cases; the seed questions if None.
        folder: the index; one over the seed papers, made for this run, if None.
        split: "dev", "test" or "all".
        out: folder for ``report.json``; nothing is written if None.
        floors: fail below the floors of ``evals/floors.toml``.
        as_json: print the figures as JSON.

    Raises:
        BelowFloor: ``floors`` is set and a figure is below its floor.
        UsageError: there is no such question set, or the index lacks its papers.
    """
    name, cases = load_cases(questions, split)
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "index"
            build_seeds(folder)
        answerer = stack.enter_context(opened(folder))
        _require_papers(answerer, cases)
        bars = stack.enter_context(Progress(console=err(), transient=True, disable=not err().is_terminal))
        task = bars.add_task("questions asked", total=len(cases))
        outcomes = measure(
            answerer, cases, lambda done, total: bars.update(task, completed=done, total=total)
        )
        figures = {"set": name, "split": split, "model": answerer.encoder.name, **summary(outcomes)}
        figures["threshold"] = answerer.threshold
    _report(figures, outcomes, out, as_json=as_json)
    if floors:
        hold_floors(name, figures)


def load_cases(questions: Path | None, split: str) -> tuple[str, tuple[Case, ...]]:
    """Return the name and the cases of a set, of one split or of all.

    Raises:
        UsageError: the file or the split does not exist.
    """
    if split not in {"dev", "test", "all"}:
        raise UsageError(f"there is no split “{split}”.", "Choose dev, test or all.")
    path = questions or Path(str(resources.files("evals"))) / "seeds.jsonl"
    try:
        cases = read_cases(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"a question lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(
            f"{path}: not a question set ({what}).", "See evals/README_SEEDS.md for its form."
        ) from error
    chosen = tuple(case for case in cases if split in ("all", case.split))
    if not chosen:
        raise UsageError(f"{path}: no questions of the split “{split}”.", "Choose another.")
    return path.stem, chosen


def build_seeds(folder: Path) -> None:
    """Build an index over the seed papers in ``folder``."""
    from index.build import build
    from index.encode import load_encoder
    from qa.resources import seeds_folder

    build([seeds_folder()], folder, encoder=load_encoder())


def _require_papers(answerer: Answerer, cases: Sequence[Case]) -> None:
    wanted = {gold.document_id for case in cases for gold in case.gold}
    missing = wanted - set(answerer.index.documents)
    if missing:
        raise IndexMissing(
            f"the index lacks {len(missing)} of the {len(wanted)} papers that the questions are about.",
            "Build it from those papers, or leave out --index.",
        )


def _report(
    figures: dict[str, Any], outcomes: Sequence[Outcome], folder: Path | None, *, as_json: bool
) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        saved = {**figures, "outcomes": as_rows(outcomes)}
        (folder / "report.json").write_text(json.dumps(saved, ensure_ascii=False, indent=1), encoding="utf-8")
    if as_json:
        emit(figures)
        return
    table = Table(show_edge=False, pad_edge=False)
    for head in ("type", *_COLUMNS.values()):
        table.add_column(head, justify="left" if head == "type" else "right")
    for name, row in [*figures["types"].items(), ("all", figures)]:
        table.add_row(name, *(shown(row[column]) for column in _COLUMNS))
    console = out()
    console.print(table)
    console.print(Text(_LEGEND, style="dim"))
    more = ("shown_right", "ranked@1", "auroc", "ece", "seconds_p50", "threshold")
    console.print(Text(" · ".join(f"{key} {shown(figures[key])}" for key in more)))


def shown(value: float | None) -> str:
    """Return a figure as it stands in tables."""
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def hold_floors(name: str, figures: dict[str, Any]) -> None:
    """Compare ``figures`` with the floors and targets of the set ``name``; missed targets are printed.

    Raises:
        BelowFloor: a figure is below its floor; all that are lower are named.
    """
    stored = (resources.files("evals") / "floors.toml").read_text(encoding="utf-8")
    limits = tomllib.loads(stored).get(name, {})
    missed = _below(figures, limits.get("target", {}))
    if missed:
        err().print(Text(f"Targets missed: {'; '.join(missed)}."))
    low = _below(figures, limits.get("floor", {}))
    if low:
        raise BelowFloor(f"{name}: below the floor: {'; '.join(low)}.", "See the questions with --out.")
    err().print(Text(f"All {len(limits.get('floor', {}))} floors of “{name}” are held."))


def _below(figures: dict[str, Any], least: dict[str, float]) -> list[str]:
    return [
        f"{key} {shown(figures[key])} < {value}"
        for key, value in least.items()
        if figures[key] is None or figures[key] < value
    ]
