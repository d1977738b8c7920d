"""``loccit calibrate``: fits the thresholds to a user's own questions, and says how well that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from shlex import quote
from typing import Any

from rich.table import Table
from rich.text import Text

from evals.calibrate.need import (
    lacking,
    least_answerable,
    least_answers,
    least_unanswerable,
    trials_for,
)
from evals.calibrate.own import Fitted, Scores, Share, cross_validated, decide, fit, scores_of, shares
from evals.measure.outcomes import measure
from evals.measure.runner import answering
from evals.sets.named import QuestionSet, load
from index.errors import UsageError
from index.files import sha256_of
from index.place import Place, beside
from qa.answer import Answerer
from qa.calibration import FILE, save
from qa.files.resources import index_option
from qa.records import Calibration
from qa.show.progress import Progress, reporting
from qa.show.terminal import emit, out, say

_TITLES = {
    "answered_right": "right of the sure answers",
    "answered": "answerable questions answered",
    "missed": "answerable questions called not found",
    "answered_wrongly": "unanswerable questions answered",
}
#: Half the width of an interval that is worth more questions.
_NARROW = 0.05


def calibrate(path: Path, index: Place, *, right: float, reader: str, dry_run: bool, as_json: bool) -> None:
    """Fit the thresholds to the questions in ``path``, print what that gives, and keep it with the index.

    With ``dry_run``, nothing is kept. ``right`` is the share of the sure answers that should be right.

    Raises:
        UsageError: there are too few questions, or no threshold keeps that share.
    """
    digest, chosen = _questions(path, index, right)
    folder = beside(index)
    with (
        reporting(Progress.AUTO) as progress,
        answering(chosen, index, None, progress, reader, calibration=False) as (answerer, cases),
    ):
        outcomes = measure(answerer, cases, lambda done, total: progress("questions asked", done, total))
        before = scores_of(outcomes)
        fitted, after = fit(before, right), cross_validated(before, right)
        _hold(before, fitted, right)
        calibration = _calibration(answerer, before, fitted, right, path, digest)
        if not dry_run:
            save(folder, calibration, path, answerer.index.documents)
    if as_json:
        emit(_plain(before, after, calibration, kept=not dry_run))
        return
    _print(answerer, before, after, fitted, right)
    kept = f"Kept in {folder / FILE}; loccit calibrate --reset{index_option(index)} goes back."
    say("Nothing was kept (--dry-run)." if dry_run else kept)


def _questions(path: Path, index: Place, right: float) -> tuple[str, QuestionSet]:
    """Return the sha256 of the file and its questions.

    Raises:
        UsageError: it cannot be read, is not about papers of an index, or holds too few questions.
    """
    chosen = load(str(path), None, "all", papers=None, limit=None)
    if chosen.documents is not None or not path.is_file():
        raise UsageError(
            f"{path}: not questions on papers of an index.",
            f"Make some: loccit eval new questions.jsonl{index_option(index)}",
        )
    answerable = sum(case.answerable for case in chosen.cases)
    unanswerable = len(chosen.cases) - answerable
    if missing := lacking(answerable, unanswerable, right):
        raise UsageError(
            f"{path}: {answerable} questions that the papers answer and {unanswerable} that they do not; "
            f"for {right:.0%} right, thresholds need at least {least_answerable(right)} and "
            f"{least_unanswerable()}.",
            f"Add {missing}: loccit eval new {quote(str(path))}{index_option(index)}",
        )
    return sha256_of(path), chosen


def _hold(before: Scores, fitted: Fitted, right: float) -> None:
    """Raise a ``UsageError`` if the fitted threshold means nothing."""
    answers = int(decide(fitted, before.ranked).sure.sum())
    if answers < least_answers(right):
        raise UsageError(
            f"With these questions, no threshold keeps {right:.0%} of at least {least_answers(right)} sure "
            f"answers right (best: {answers} answers).",
            "The usual thresholds stay. Add questions, or ask for a smaller share with --right.",
        )


def _calibration(
    answerer: Answerer, scores: Scores, fitted: Fitted, right: float, path: Path, digest: str
) -> Calibration:
    answerable = int(scores.answerable.sum())
    return Calibration(
        threshold=fitted.threshold,
        possible=fitted.possible,
        thresholds=fitted.by_share,
        slope=fitted.slope,
        offset=fitted.offset,
        right=right,
        file=path.name,
        digest=digest,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        answerable=answerable,
        unanswerable=len(scores.answerable) - answerable,
        papers=len(answerer.index.documents),
        reader=answerer.reader,
        stages=answerer.stages.identity(answerer.settings),
        model=answerer.encoder.fingerprint,
    )


def _print(answerer: Answerer, before: Scores, after: Scores, fitted: Fitted, right: float) -> None:
    total, ranked = len(before.right), len(before.ranked.right)
    say(
        f"{total} questions, {int(before.answerable.sum())} of which the papers answer; the thresholds were "
        f"fitted to the {ranked} that are answered by ranking sentences."
    )
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    for head in ("usual thresholds", "fitted, on questions not fitted to"):
        table.add_column(head, justify="right")
    old, new = shares(before), shares(after)
    for name, title in _TITLES.items():
        table.add_row(title, *(Text(_words(one[name])) for one in (old, new)))
    out().print(table)
    say("Shares with 95 % intervals. Each question is decided by thresholds fitted to the other nine tenths.")
    say(f"A sure answer: confidence of at least {answerer.threshold:.2f}, now {fitted.threshold:.2f}.")
    say(
        f"Not found: below a probability of {answerer.possible:.2f} that the papers answer, "
        f"now {fitted.possible:.2f}."
    )
    corrected = (fitted.slope, fitted.offset) != (1.0, 0.0)
    what = f"its log-odds times {fitted.slope:.2f} {fitted.offset:+.2f}" if corrected else "as it was"
    say(f"Confidence: {what}.")
    _say_what_is_known(old["answered_right"], new["answered_right"], total, right)


def _say_what_is_known(old: Share, new: Share, total: int, right: float) -> None:
    low, high = old.interval
    if low <= right <= high:
        say(
            f"The usual thresholds agree with {right:.0%} right, too: the difference may be chance.", "yellow"
        )
    if new.interval[1] < right:
        say(f"Fewer than {right:.0%} are right on questions that were not fitted to.", "yellow")
    needed = trials_for(right, _NARROW)
    if 0 < new.total < needed:
        questions = ceil(needed * total / new.total)
        say(
            f"To know that share to within {_NARROW:.0%}: {needed} sure answers, about {questions} questions."
        )


def _words(share: Share) -> str:
    if not share.total:
        return "none"
    low, high = share.interval
    return f"{share.count}/{share.total} = {share.count / share.total:.0%} ({low:.0%} to {high:.0%})"


def _plain(before: Scores, after: Scores, calibration: Calibration, *, kept: bool) -> Mapping[str, Any]:
    return {
        "kept": kept,
        "calibration": asdict(calibration),
        **{
            name: {
                key: {
                    "count": one.count,
                    "total": one.total,
                    "interval": list(one.interval),
                }
                for key, one in shares(scores).items()
            }
            for name, scores in (("before", before), ("after", after))
        },
    }
