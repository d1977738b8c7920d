"""Checks a question file against its papers, and places the quotes of new questions.

    python -m evals.sets.author check evals/sets/seeds.jsonl seeds
    python -m evals.sets.author place evals/sets/seeds.jsonl seeds
    python -m evals.sets.author add DRAFT.jsonl evals/sets/case_reports.jsonl DIR/case_reports_jats

``place`` finds each quote again after the reader has changed and rewrites its offsets. ``add``
takes questions with quotes, which name papers by file, and adds them to a file without text:
offsets and hashes replace the quotes. A question whose id is there already is replaced.
``README.md`` in this folder lists the fields.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evals.sets.cases import (
    TYPES,
    UNPLACED,
    Case,
    entry_of,
    lines_of,
    occurrences,
    placed,
    read_cases,
    sha256_of,
)
from evals.sets.splits import half_of
from index.errors import LoccitError, UsageError
from index.read import read
from index.read.sentences import sentence_spans
from index.text import BlockKind, Document, Span


def read_papers(folder: Path) -> dict[str, Document]:
    """Return the text, Markdown and JATS papers in ``folder``, by id.

    Raises:
        LoccitError: one of them cannot be read.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".txt", ".md", ".xml"})
    return {document.id: document for document in map(read, paths)}


def faults(case: Case, papers: Mapping[str, Document]) -> list[str]:
    """Return what is wrong with a placed ``case``, a phrase for each fault."""
    wrong = [] if case.type in TYPES else [f"the type {case.type!r} is unknown"]
    if case.answerable != bool(case.gold) or case.answerable == (case.type == "unanswerable"):
        wrong.append("answerable questions have gold; the others have none and the type unanswerable")
    if case.about not in {"", *papers, *(paper.source for paper in papers.values())}:
        wrong.append(f"no paper is called {case.about!r}")
    texts = [gold.span.of(papers[gold.document_id].text) for gold in case.gold]
    wrong += [
        f"the short answer {short!r} is in no gold"
        for short in case.short
        if not any(short.casefold() in text.casefold() for text in texts)
    ]
    if case.papers == "several" and len({gold.document_id for gold in case.gold}) < 2:
        wrong.append("several papers owe an answer, but gold is in one")
    wrong += [
        f"not a whole sentence, row or block of front matter: {text[:60]!r}"
        for gold, text in zip(case.gold, texts, strict=True)
        if gold.span not in quotable(papers[gold.document_id])
    ]
    return wrong


def quotable(document: Document) -> frozenset[Span]:
    """Return the spans that gold may have: sentences, table rows, title and front matter."""
    sentences = (span for _, span in sentence_spans(document))
    fronts = (block.span for block in document.blocks if block.kind in {BlockKind.TITLE, BlockKind.FRONT})
    return frozenset((*sentences, *fronts))


def without_text(case: Case, papers: Mapping[str, Document]) -> Case:
    """Return a placed ``case`` with hashes and offsets in place of quotes and short answers.

    The case gets the half of its papers.

    Raises:
        UsageError: the papers are in both halves.
    """
    names = {paper.source: paper.id for paper in papers.values()}
    about = names.get(case.about, case.about)
    keys = {gold.document_id for gold in case.gold} | ({about} - {""})
    halves = {half_of(key) for key in keys or {sha256_of(case.id)}}
    if len(halves) > 1:
        raise UsageError(f"{case.id}: its papers are in both halves.", "Ask about papers of one half.")
    golds = []
    for gold in case.gold:
        paper = papers[gold.document_id]
        quote = gold.span.of(paper.text)
        starts = {places[0] for short in case.short if (places := occurrences(short, quote))}
        short = tuple(span.moved(gold.span.start) for span in sorted(starts))
        golds.append(replace(gold, quote="", file=paper.source, sha256=sha256_of(quote), short=short))
    return replace(case, gold=tuple(golds), short=(), about=about, split=halves.pop())


def _check(given: argparse.Namespace) -> list[str]:
    papers = read_papers(given.papers)
    cases = [placed(case, papers) for case in read_cases(given.questions)]
    return _faults(cases, papers)


def _faults(cases: Sequence[Case], papers: Mapping[str, Document]) -> list[str]:
    wrong = [f"{case.id}: {fault}" for case in cases for fault in faults(case, papers)]
    halves: dict[str, str] = {}
    for case in cases:
        if case.history and halves.setdefault(case.history[0], case.split) != case.split:
            wrong.append(f"{case.id}: its chain of questions is in both halves")
    return wrong


def _place(given: argparse.Namespace) -> list[str]:
    papers = read_papers(given.papers)
    cases = []
    for case in read_cases(given.questions):
        gold = tuple(replace(gold, span=UNPLACED) if gold.quote else gold for gold in case.gold)
        cases.append(placed(replace(case, gold=gold), papers))
    given.questions.write_text(lines_of(map(entry_of, cases)), encoding="utf-8")
    return _faults(cases, papers)


def _add(given: argparse.Namespace) -> list[str]:
    papers = read_papers(given.papers)
    drafts = [placed(case, papers) for case in read_cases(given.draft)]
    if wrong := _faults(drafts, papers):
        return wrong
    kept = read_cases(given.questions) if given.questions.exists() else ()
    cases = {case.id: case for case in (*kept, *(without_text(case, papers) for case in drafts))}
    given.questions.write_text(lines_of(map(entry_of, cases.values())), encoding="utf-8")
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if faults were found, or the exit code of an error."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.sets.author", description=(__doc__ or "").partition("\n")[0]
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (("check", _check), ("place", _place), ("add", _add)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        if name == "add":
            command.add_argument("draft", type=Path, help="questions with quotes, JSON lines")
        command.add_argument("questions", type=Path, help="the question file")
        command.add_argument("papers", type=Path, help="the folder of its papers")
    given = parser.parse_args(arguments)
    try:
        wrong = given.run(given)
    except (LoccitError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code if isinstance(error, LoccitError) else UsageError.exit_code
    sys.stderr.writelines(f"{fault}\n" for fault in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
