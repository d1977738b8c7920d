"""Questions and the places that answer them: the records, and their form as JSON lines.

Every question file has this form, the project's own and those of users; ``README.md`` in
this folder lists the fields. A file may hold quotes, or only offsets and hashes where the
papers' text must not be copied.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.errors import FileMissing, IndexMissing, QuestionError, UsageError
from index.text import Document, Span
from qa.understand.question import asked_in

TYPES = (
    "plain",
    "paraphrase",
    "misspelt",
    "abbreviated",
    "numeric",
    "table",
    "reason",
    "yes_no",
    "list",
    "several",
    "whole",
    "metadata",
    "followup",
    "unanswerable",
)
SPLITS = ("dev", "test")
#: The span of gold that is known by its quote only.
UNPLACED = Span(0, 0)
_FORM = "See evals/sets/README.md for the fields."


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers by itself."""

    document_id: str  #: sha256 of the paper's file; until placed, its file name or title will do
    span: Span  #: code points of the canonical text; ``UNPLACED`` if only the quote is known
    grade: int = 1  #: relevance, 1 or more; BEIR sets state it
    section: str | None = None  #: as the set states it; None if the paper's own map decides
    page: int | None = None  #: as above
    line: int | None = None  #: as above
    quote: str = ""  #: the text at ``span``; empty in files without text
    file: str = ""  #: in files without text: file name of the paper
    sha256: str = ""  #: in files without text: hash of the UTF-8 text at ``span``
    short: tuple[Span, ...] = ()  #: in files without text: accepted short answers, inside ``span``


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a set."""

    id: str
    question: str
    answerable: bool
    gold: tuple[Gold, ...]
    type: str = ""  #: one of ``TYPES`` in the project's own sets
    history: tuple[str, ...] = ()  #: questions asked before, oldest first
    short: tuple[str, ...] = ()  #: accepted short answers
    split: str = ""  #: one of ``SPLITS``, or what the question trains
    papers: str = "one"  #: "several" if each paper with gold owes an answer
    about: str = ""  #: id of the paper that the question was asked on, if no gold says so
    kind: str = ""  #: why a question is unanswerable


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents and the questions on them."""

    name: str
    documents: tuple[Document, ...]
    cases: tuple[Case, ...]


def read_entries(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of a JSON lines file with the numbers of their lines.

    Raises:
        OSError: the file cannot be read.
        UsageError: a line is not a JSON object.
    """
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append((number, dict(json.loads(line))))
        except (ValueError, TypeError, RecursionError) as error:
            raise UsageError(f"{path}, line {number}: not a JSON object ({error}).", _FORM) from error
    return entries


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the questions in a file; gold may still have to be ``placed``.

    Raises:
        OSError: the file cannot be read.
        UsageError: a line is not a question, or two questions have the same id.
    """
    cases = []
    for number, entry in read_entries(path):
        try:
            cases.append(case_of(entry))
        except (ValueError, KeyError) as error:
            what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise UsageError(f"{path}, line {number}: {what}.", _FORM) from error
    name, count = Counter(case.id for case in cases).most_common(1)[0] if cases else ("", 0)
    if count > 1:
        raise UsageError(f"{path}: {count} questions have the same id, “{name}”.", "Give each its own.")
    return tuple(cases)


def case_of(entry: Mapping[str, Any]) -> Case:
    """Return the question that one object of a file states.

    Raises:
        KeyError, ValueError: a field is missing or has the wrong form.
    """
    gold = tuple(_gold(stated) for stated in _list(entry["gold"], "gold"))
    answerable = entry.get("answerable", bool(gold))
    if not isinstance(answerable, bool):
        raise ValueError(f"“answerable” is {answerable!r}: decide, and add gold or write false")
    if answerable and not gold:
        raise ValueError("“answerable” is true, but there is no gold")
    name = entry["id"]
    return Case(
        id=str(name) if type(name) is int else _text(name, "id"),
        question=_question(entry["question"], "question"),
        answerable=answerable,
        gold=gold,
        history=tuple(_question(one, "history") for one in _list(entry.get("history", []), "history")),
        short=tuple(_text(one, "short") for one in _list(entry.get("short", []), "short")),
        **{name: _text(entry[name], name) for name in _WORDS if name in entry},
    )


#: Fields of a question and of gold that are written as they are, unless empty.
_WORDS = ("type", "split", "papers", "about", "kind")
_NUMBERS = ("page", "line")
_STATED = ("quote", "file", "sha256", "section", *_NUMBERS)


def _gold(stated: Any) -> Gold:  # noqa: ANN401 - whatever a user's file holds
    if not isinstance(stated, dict) or not isinstance(stated.get("document"), str):
        raise ValueError(f"gold {_shown(stated)} names no document")
    start, end = stated.get("start"), stated.get("end")
    span = UNPLACED if start is None and end is None else _span([start, end], "start and end")
    if span == UNPLACED and not isinstance(stated.get("quote"), str):
        raise ValueError("gold has neither a quote nor offsets")
    fields = {name: value for name in _STATED if (value := stated.get(name)) is not None}
    for name, value in fields.items():
        if name not in _NUMBERS:
            _text(value, name)
        elif type(value) is not int:
            raise ValueError(f"“{name}” is {_shown(value)}, not a whole number")
    places = tuple(_span(place, "short") for place in _list(stated.get("short", []), "short"))
    return Gold(_text(stated["document"], "document"), span, short=places, **fields)


# What a user's file may hold in place of what a field should.


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"“{name}” is {_shown(value)}, not text")
    if "\0" in value:
        raise ValueError(f"“{name}” holds a NUL character")
    return value


def _question(value: object, name: str) -> str:
    text = _text(value, name)
    try:
        asked_in(text)
    except QuestionError as error:
        raise ValueError(f"“{name}”: {error}".removesuffix(".")) from error
    return text


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"“{name}” is {_shown(value)}, not a list")
    return value


def _span(value: object, name: str) -> Span:
    match value:
        case [int(start), int(end)] if 0 <= start <= end:
            return Span(start, end)
    raise ValueError(f"“{name}” is {_shown(value)}, not two offsets")


def entry_of(case: Case) -> dict[str, Any]:
    """Return ``case`` as an object of a file; ``case_of`` reads it. Optional fields are left out if empty."""
    fields = {
        "id": case.id,
        "type": case.type,
        "split": case.split,
        "question": case.question,
        "history": list(case.history),
        "answerable": case.answerable,
        "gold": [_gold_entry(gold) for gold in case.gold],
        "short": list(case.short),
        "papers": "" if case.papers == "one" else case.papers,
        "about": case.about,
        "kind": case.kind,
    }
    required = ("id", "question", "history", "answerable", "gold")
    return {name: value for name, value in fields.items() if value or name in required}


def _gold_entry(gold: Gold) -> dict[str, Any]:
    place = {} if gold.span == UNPLACED else {"start": gold.span.start, "end": gold.span.end}
    short = [[span.start, span.end] for span in gold.short]
    stated = {name: getattr(gold, name) for name in _STATED} | {"short": short}
    return {
        "document": gold.document_id,
        **place,
        **{name: value for name, value in stated.items() if value or value == 0},
    }


def lines_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return ``entries`` as the text of a JSON lines file."""
    return "".join(f"{json.dumps(entry, ensure_ascii=False)}\n" for entry in entries)


def placed(case: Case, papers: Mapping[str, Document]) -> Case:
    """Return ``case`` with each gold's place found, or checked, in the text of ``papers`` (by id).

    A quote without offsets counts wherever it occurs in its paper. Gold with offsets in a
    paper of an index that is not among ``papers`` stays as it is.

    Raises:
        FileMissing: a public paper is missing, or another version of it is there.
        UsageError: no paper has that name, or its text there is not the gold.
    """
    golds = tuple(place for gold in case.gold for place in _places(gold, papers))
    marked = (span.of(papers[gold.document_id].text) for gold in golds for span in gold.short)
    return replace(case, gold=golds, short=tuple(dict.fromkeys((*case.short, *marked))))


def require_papers(cases: Iterable[Case], papers: Mapping[str, Document], index: object) -> None:
    """Raise an ``IndexMissing`` if ``papers``, those of ``index``, lack one that has gold."""
    wanted = {gold.document_id: gold.file or gold.document_id for case in cases for gold in case.gold}
    if wanted.keys() <= papers.keys():
        return
    known = {name for paper in papers.values() for name in (paper.id, paper.source, paper.title)}
    if missing := [shown for name, shown in wanted.items() if name not in known]:
        raise IndexMissing(
            f"These questions are on papers that the index {index} lacks, for example {missing[0]} "
            f"({len(missing)} of {len(wanted)}).",
            "Give the index of those papers with --index.",
        )


def _places(gold: Gold, papers: Mapping[str, Document]) -> list[Gold]:
    paper = _paper(gold.document_id, papers)
    if paper is None:
        if gold.file:
            known = f"there is no file of that name with the sha256 {gold.document_id[:16]}…"
            raise FileMissing(gold.file, f"{known}.", "Give the folder with the files asked about.")
        if gold.span != UNPLACED:
            return [gold]  # whoever opens the index reports all papers that it lacks at once
        raise _unclear(gold.document_id, papers)
    if gold.span == UNPLACED:
        spans = occurrences(gold.quote, paper.text)
        if not spans:
            raise UsageError(
                f"{paper.source}: does not contain the gold quote “{gold.quote[:60]}”.",
                "Copy it from: loccit read FILE --text",
            )
    else:
        spans = [gold.span]
        text = gold.span.of(paper.text)
        if (gold.quote and gold.quote != text) or (gold.sha256 and gold.sha256 != sha256_of(text)):
            raise UsageError(
                f"{paper.source}: the text from {gold.span.start} to {gold.span.end} is not the gold quote.",
                "Correct the offsets, or state the quote without them.",
            )
    return [
        replace(gold, document_id=paper.id, span=span, quote=gold.quote and span.of(paper.text))
        for span in spans
    ]


def _paper(name: str, papers: Mapping[str, Document]) -> Document | None:
    """Return the one paper with that id, file name or title; None if there is none or several."""
    if name in papers:
        return papers[name]
    named = _named(name, papers)
    return named[0] if len(named) == 1 else None


def _named(name: str, papers: Mapping[str, Document]) -> list[Document]:
    return [paper for paper in papers.values() if name in (paper.source, paper.title)]


def _unclear(name: str, papers: Mapping[str, Document]) -> UsageError:
    """Return the error for a name that no paper has, or several."""
    if named := _named(name, papers):
        ids = ", ".join(f"{paper.id[:16]}…" for paper in named)
        remedy = "Name the paper by its id, see: loccit info --json"
        return UsageError(f"{len(named)} papers are named “{name}”: {ids}", remedy)
    return UsageError(f"there is no paper named “{name}”.", "See the names with: loccit info")


def occurrences(quote: str, text: str) -> list[Span]:
    """Return every place of ``quote`` in ``text``; runs of white space equal each other."""
    words = quote.split()
    if not words:
        return []
    pattern = r"\s+".join(re.escape(word) for word in words)
    return [Span(*match.span()) for match in re.finditer(pattern, text)]


def sha256_of(text: str) -> str:
    """Return the sha256 of ``text`` in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
