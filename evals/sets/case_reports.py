"""Questions on the public case reports, whose texts are not in this repository.

    python -m evals.sets.case_reports author DRAFT.jsonl --data DIR --out evals/sets/case_reports.jsonl
    python -m evals.sets.case_reports check evals/sets/case_reports.jsonl --data DIR

``DIR/case_reports_jats`` holds the reports as JATS XML. The set holds, of each
report, hashes and offsets only; the words of the questions are its authors' own.
A line of the set is a question:

    id, type, split, question, history, answerable, papers, kind
                as in ``README_SEEDS.md``
    gold        every sentence, table row or block of front matter that answers:
                file (its name), document (sha256 of the file), start and end (code
                points of the canonical text that ``index.read`` gives), sha256 of
                the UTF-8 text between them, short (places of accepted short answers,
                each a [start, end] inside the span)
    about       of unanswerable questions: sha256 of the report that they ask about,
                empty where they ask about none

All questions on a report lie in the same half, told by the first digit of its
sha256. Unanswerable questions were searched for in all the reports, so they hold
for the whole collection only, and the loader gives all of it.

A draft, kept outside the repository, names ``file`` and ``quote`` in place of
offsets and hashes; ``short`` holds strings that the quote contains, and a quote
that stands in several places needs an ``occurrence``, counted from 1. ``history``,
``papers``, ``kind`` and ``about`` (a file name) may be left out. ``author`` adds
drafts to the set: a question whose id is there already is replaced.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.sets.corpora import Case, Corpus
from evals.sets.corpora import Gold as Place
from evals.sets.resolve import TYPES, occurrences
from index.errors import FileMissing, FormatMismatch, LoccitError, QuoteError, UsageError
from index.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from index.text import Document

FOLDER = "case_reports_jats"
NAME = "case_reports"


@dataclass(frozen=True, slots=True)
class Gold:
    """A stretch that answers, known by its place and its hash."""

    file: str  #: name of the report's file
    document: str  #: sha256 of the file
    start: int  #: code points of the canonical text
    end: int
    sha256: str  #: of the UTF-8 text from ``start`` to ``end``
    short: tuple[tuple[int, int], ...] = ()  #: places of accepted short answers, inside the stretch


@dataclass(frozen=True, slots=True)
class Question:
    """A line of the set; see the module's docstring."""

    id: str
    type: str
    split: str
    question: str
    history: tuple[str, ...]
    answerable: bool
    gold: tuple[Gold, ...]
    papers: str = "one"
    kind: str = ""
    about: str = ""


def split_of(sha256: str) -> str:
    """Return the half, ``dev`` or ``test``, of the report with this hash."""
    return "dev" if sha256[0] < "8" else "test"


def load_case_reports(data: Path, path: Path) -> Corpus:
    """Return all reports in ``data/case_reports_jats`` and the questions in ``path``, a file of the set.

    Raises:
        FileMissing: a report that gold lies in is not there.
        FormatMismatch: a report's file is another than the questions were written on.
        QuoteError: the canonical text differs from it where gold lies.
    """
    documents = read_reports(data)
    known = {document.source: document for document in documents}
    cases = tuple(case_of(question, known) for question in read_questions(path))
    return Corpus(NAME, documents, cases)


def read_reports(data: Path, folders: Sequence[str] = (FOLDER,)) -> tuple[Document, ...]:
    """Return the reports in ``folders`` of ``data``, by file name.

    Raises:
        FileMissing: there are none.
        LoccitError: one cannot be read.
    """
    from index.read.jats.article import read_jats

    paths: list[Path] = []
    for folder in folders:
        found = sorted((data / folder).glob("*.xml"))
        if not found:
            raise FileMissing(str(data / folder), "no reports are there.", "Name their folder with --data.")
        paths += found
    return tuple(read_jats(path.read_bytes(), path.name) for path in paths)


def read_questions(path: Path) -> tuple[Question, ...]:
    """Return the questions in a file of the set.

    Raises:
        UsageError: a line is not one.
    """
    questions: list[Question] = []
    for number, entry in _entries(path):
        try:
            gold = tuple(_gold(**place) for place in entry.pop("gold"))
            history = tuple(entry.pop("history"))
            questions.append(Question(**entry, gold=gold, history=history))
        except (TypeError, KeyError) as error:
            raise _no_question(path, number, error) from error
    return tuple(questions)


def _gold(short: Iterable[Sequence[int]], **fields: Any) -> Gold:  # noqa: ANN401 - checked by Gold
    return Gold(**fields, short=tuple((start, end) for start, end in short))


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line.strip():
            try:
                yield number, dict(json.loads(line))
            except (ValueError, TypeError) as error:
                raise _no_question(path, number, error) from error


def _no_question(path: Path, number: int, error: Exception) -> UsageError:
    return UsageError(f"{path.name}, line {number}: not a question ({error!r}).", "Mend that line.")


def case_of(question: Question, reports: Mapping[str, Document]) -> Case:
    """Return the question as a case, its gold checked against the ``reports`` (by file name).

    Raises:
        LoccitError: as ``load_case_reports`` says.
    """
    texts = [_checked_text(gold, reports) for gold in question.gold]
    golds = zip(texts, question.gold, strict=True)
    short = (Span(*place).of(text) for text, gold in golds for place in gold.short)
    return Case(
        id=question.id,
        question=question.question,
        answerable=question.answerable,
        gold=tuple(Place(gold.document, Span(gold.start, gold.end)) for gold in question.gold),
        type=question.type,
        history=question.history,
        short=tuple(dict.fromkeys(short)),
        split=question.split,
        papers=question.papers,
        about=question.about,
    )


def _checked_text(gold: Gold, reports: Mapping[str, Document]) -> str:
    report = reports.get(gold.file)
    if report is None:
        raise FileMissing(gold.file, "this case report is missing.", "Give the folder with all of them.")
    if report.id != gold.document:
        raise FormatMismatch(
            f"{gold.file}: its sha256 is {report.id[:16]}…, not {gold.document[:16]}….",
            "The questions need the file that they were written on.",
        )
    if _hash(Span(gold.start, gold.end).of(report.text)) != gold.sha256:
        raise QuoteError(
            f"{gold.file}: the text from {gold.start} to {gold.end} is no longer the quote that answers.",
            "The reader has changed: write the gold anew from its draft.",
        )
    return report.text


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def author(draft: Mapping[str, Any], reports: Mapping[str, Document]) -> Question:
    """Return the question of a ``draft``, its gold placed in the ``reports`` (by file name).

    Raises:
        UsageError: a field is unknown or missing, or the reports lie in both halves.
        QuoteError: a quote stands nowhere, or in several places and no occurrence is given.
    """
    name = str(draft.get("id", "a draft"))
    gold = tuple(_placed(entry, name, reports) for entry in draft.get("gold", ()))
    about = _report(draft["about"], name, reports).id if draft.get("about") else ""
    halves = {split_of(key) for key in (about, *(g.document for g in gold)) if key} or {split_of(_hash(name))}
    if wrong := _fault(draft, halves):
        raise UsageError(f"{name}: {wrong}.", "Mend the draft.")
    return Question(
        id=name,
        type=draft["type"],
        split=halves.pop(),
        question=draft["question"],
        history=tuple(draft.get("history", ())),
        answerable=bool(gold),
        gold=gold,
        papers=draft.get("papers", "one"),
        kind=draft.get("kind", ""),
        about=about,
    )


def _fault(draft: Mapping[str, Any], halves: set[str]) -> str:
    unknown = set(draft) - {"id", "type", "question", "history", "gold", "papers", "kind", "about"}
    if unknown or not draft.get("id") or not draft.get("question") or draft.get("type") not in TYPES:
        return f"a field is {'unknown: ' + ', '.join(unknown) if unknown else 'missing or wrong'}"
    if bool(draft.get("gold")) == (draft["type"] == "unanswerable" or "about" in draft or "kind" in draft):
        return "a question has gold, or is unanswerable and of some kind"
    return "its reports lie in both halves" if len(halves) > 1 else ""


def _report(file: str, name: str, reports: Mapping[str, Document]) -> Document:
    if file not in reports:
        raise UsageError(f"{name}: there is no case report “{file}”.", "Name a file of the collection.")
    return reports[file]


def _placed(entry: Mapping[str, Any], name: str, reports: Mapping[str, Document]) -> Gold:
    report = _report(str(entry.get("file")), name, reports)
    quote = str(entry.get("quote", ""))
    spans = occurrences(report.text, quote)
    wanted = entry.get("occurrence", 1)
    if not 1 <= wanted <= len(spans) or (len(spans) > 1 and "occurrence" not in entry):
        raise QuoteError(
            f"{name}: “{quote[:60]}” stands in {len(spans)} places of {report.source}.",
            "Quote it as it stands, and say which occurrence is meant.",
        )
    span, short = spans[wanted - 1], entry.get("short", ())
    lost = [part for part in short if not part or part not in quote]
    if lost:
        raise QuoteError(f"{name}: the short answers {lost} are not in the quote.", "Take them from it.")
    starts = [span.start + quote.index(part) for part in short]
    places = tuple((start, start + len(part)) for start, part in zip(starts, short, strict=True))
    return Gold(report.source, report.id, span.start, span.end, _hash(quote), places)


def write_questions(questions: Iterable[Question], path: Path) -> None:
    """Write the set, in the order of the ids."""
    lines = [json.dumps(asdict(q), ensure_ascii=False) for q in sorted(questions, key=lambda q: q.id)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0 or the error's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    authoring = commands.add_parser("author", help="add the questions of a draft to the set")
    checking = commands.add_parser("check", help="compare the set with the reports")
    authoring.add_argument("--out", type=Path, required=True, help="the set; made if it is not there")
    for command, what in ((authoring, "the draft"), (checking, "the set")):
        command.add_argument("questions", type=Path, help=f"{what}, a JSONL file")
        command.add_argument("--data", type=Path, required=True, help=f"the folder that holds {FOLDER}")
    given = parser.parse_args(arguments)
    try:
        told = _author(given) if given.command == "author" else _check(given)
    except (LoccitError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code if isinstance(error, LoccitError) else UsageError.exit_code
    sys.stdout.write(f"{told}\n")
    return 0


def _author(given: argparse.Namespace) -> str:
    reports = {report.source: report for report in read_reports(given.data)}
    stored = read_questions(given.out) if given.out.exists() else ()
    drafts = [author(entry, reports) for _, entry in _entries(given.questions)]
    merged = {question.id: question for question in (*stored, *drafts)}
    write_questions(merged.values(), given.out)
    return f"{len(drafts)} questions written, {len(merged)} in the set"


def _check(given: argparse.Namespace) -> str:
    corpus = load_case_reports(given.data, given.questions)
    papers = {gold.document_id for case in corpus.cases for gold in case.gold}
    return f"{len(corpus.cases)} questions on {len(papers)} of {len(corpus.documents)} reports fit the texts"


if __name__ == "__main__":
    sys.exit(main())
