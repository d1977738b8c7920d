"""A session of ``loccit eval new``: question after question, each saved as soon as it is marked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Protocol

from filelock import FileLock, Timeout

from evals.calibrate.fit import PRECISION
from evals.calibrate.need import lacking
from evals.collect.candidates import Finder, Sentence
from evals.collect.marking import Decision, Marking
from evals.sets.cases import (
    UNPLACED,
    Case,
    Gold,
    entry_of,
    lines_of,
    occurrences,
    placed,
    read_cases,
    require_papers,
)
from index.errors import QuestionError, UsageError
from index.files import refusals, require_folder
from index.store.index import Index
from qa.files.resources import index_option
from qa.overview.suggested import GENERAL, values_of
from qa.show.present import counted
from qa.show.terminal import say, visible
from qa.understand.question import understand

#: The type of the questions in the file.
TYPE = "own"
_PAPERS = 20  #: papers whose tables are looked at for suggestions


class Terminal(Protocol):
    """Asks the user; ``evals.collect.screen`` does so with keys."""

    def ask_question(self, title: str, suggested: Sequence[str]) -> str | None:
        """Return a question; None to end."""
        ...

    def mark(self, question: str, marking: Marking) -> Decision:
        """Return how the marking of a question ended."""
        ...


def collect(path: Path, finder: Finder, terminal: Terminal) -> None:
    """Add questions to the file at ``path`` until the user ends.

    Raises:
        UsageError: the file is not a question file on the papers of the index, or another session adds to it.
        StorageError: it cannot be written.
    """
    with _alone(path):
        index = finder.index
        cases = _begun(path, index)
        say(f"{path}: {_tally(cases)}")
        suggested = list(_suggested(index))
        while True:
            known = {one.question for one in cases}
            left = [one for one in suggested if one not in known]
            question = terminal.ask_question(f"Question {len(cases) + 1}", left)
            if question is None:
                break
            if problem := _problem(question, known):
                say(problem, "yellow")
                continue
            marking = Marking(finder.offered(question), finder.holding)
            decision = terminal.mark(question, marking)
            if decision is Decision.END:
                break
            suggested = [one for one in suggested if one != question]
            if decision is Decision.SKIP:
                say(f"Skipped: {question}")
                continue
            chosen = marking.marked if decision is Decision.SAVE else []
            case = _case(_next_id(cases), question, chosen, index)
            _append(path, case)
            cases.append(case)
            what = counted(len(chosen), "sentence") if chosen else "not in the papers"
            say(f"Saved: {question} ({what})")
        say(f"{path}: {_tally(cases)}")
        if cases:
            say(f"Measure: loccit eval {quote(str(path))}{index_option(index.beside)}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other sessions out of the file at ``path``: two would give the same number to two questions."""
    require_folder(path.parent, "Make the folder first, or name another file.")
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
    with refusals(path):
        try:
            lock.acquire()
        except Timeout as error:
            raise UsageError(
                f"{path}: another loccit eval new adds to it.", "End that one, or name another file."
            ) from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _begun(path: Path, index: Index) -> list[Case]:
    """Return the questions that the file holds already; their gold is in the papers of ``index``."""
    with refusals(path):
        if not path.exists():
            return []
        _cut_off_half_a_line(path)
        cases = list(read_cases(path))
    require_papers(cases, index.documents, index.beside)
    for case in cases:
        placed(case, index.documents)
    return cases


def _cut_off_half_a_line(path: Path) -> None:
    """Remove a last line without an end that is not JSON: a crash came while it was written."""
    data = path.read_bytes()
    last = data.rpartition(b"\n")[2]
    try:
        json.loads(last or b"{}")
    except ValueError:
        say(
            f"{path}: the last line was cut short and is removed: {visible(last.decode(errors='replace'))}",
            "yellow",
        )
        os.truncate(path, len(data) - len(last))


def _problem(question: str, known: set[str]) -> str:
    """Return why a question cannot be asked; empty if it can."""
    if question in known:
        return "This question is in the file already."
    try:
        understand(question)
    except QuestionError as error:
        return str(error)
    return ""


def _suggested(index: Index) -> Iterator[str]:
    """Yield questions that the papers may or may not answer: general ones, then values of first tables."""
    yield from GENERAL
    for key in sorted(index.names, key=index.names.__getitem__)[:_PAPERS]:
        yield from values_of(index.documents[key])


def _case(name: str, question: str, chosen: Sequence[Sentence], index: Index) -> Case:
    gold = tuple(
        _gold(one, index) for one in sorted(chosen, key=lambda one: (one.document.source, one.span.start))
    )
    return Case(name, question, answerable=bool(gold), gold=gold, type=TYPE)


def _gold(one: Sentence, index: Index) -> Gold:
    """Return a marked sentence as gold: its paper by file name, its place by the quote, if they are clear."""
    document, quote = one.document, one.span.of(one.document.text)
    names = [name for other in index.documents.values() for name in {other.source, other.title}]
    name = document.source if names.count(document.source) == 1 else document.id
    once = len(occurrences(quote, document.text)) == 1
    return Gold(name, UNPLACED if once else one.span, quote=quote)


def _next_id(cases: Sequence[Case]) -> str:
    """Return the number after the highest one in use."""
    return str(max((int(one.id) for one in cases if one.id.isdecimal()), default=0) + 1)


def _append(path: Path, case: Case) -> None:
    """Add a line to the file and sync it to disk; a line that cannot be written is not begun either."""
    line = lines_of([entry_of(case)]).encode()
    with refusals(path), path.open("ab+", buffering=0) as stream:
        length = stream.seek(0, os.SEEK_END)
        if length:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":  # a line written by hand may lack its end
                line = b"\n" + line
        try:
            while line:
                line = line[stream.write(line) :]
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(length)
            raise


def _tally(cases: Sequence[Case]) -> str:
    """Return how many questions there are, and how many more a calibration needs."""
    answerable = sum(one.answerable for one in cases)
    words = f"{counted(len(cases), 'question')}, {len(cases) - answerable} not in the papers."
    missing = lacking(answerable, len(cases) - answerable, PRECISION)
    return f"{words} " + (f"loccit calibrate needs {missing}." if missing else "Enough for loccit calibrate.")
