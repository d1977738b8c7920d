"""Places the gold quotes of a fixed question set in the canonical text of its papers.

    python -m evals.sets.resolve evals/sets/seeds.jsonl seeds
    python -m evals.sets.resolve evals/sets/seeds.jsonl seeds --check

The first form finds each quote and rewrites the file with exact offsets; the
second changes nothing and fails where the file no longer fits the papers. Quotes
are first sought as they stand; white space, hyphens and case are overlooked only
to find a quote again after a repair of the text has changed, and the file then
gets the text as the paper now has it. ``README_SEEDS.md`` describes the fields.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import LoccitError, QuoteError, UsageError
from index.text import BlockKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from index.text import Document

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
    "metadata",
    "followup",
    "unanswerable",
)
SPLITS = ("dev", "test")
_HYPHENS = frozenset("-\u00ad\u2010\u2011\u2012\u2013\u2014\u2212")
_METADATA_KINDS = frozenset({BlockKind.TITLE, BlockKind.FRONT})


@dataclass(frozen=True, slots=True)
class Gold:
    """One stretch that answers: a whole sentence, table row or line of front matter."""

    document: str  #: sha256 of the paper's bytes
    quote: str  #: ``document.text[start:end]``
    start: int | None  #: code points of the canonical text; None until resolved
    end: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a fixed set; the fields are those of a line of the file."""

    id: str
    type: str  #: one of ``TYPES``
    split: str  #: one of ``SPLITS``
    question: str
    history: tuple[str, ...]  #: questions asked before, the oldest first
    answerable: bool
    gold: tuple[Gold, ...]  #: each answers by itself; empty where the papers do not answer
    short: tuple[str, ...]  #: accepted short answers, each found in a gold quote
    papers: str  #: "one" where one answer will do, "several" where each paper owes one
    expect: tuple[tuple[str, ...], ...] = ()  #: for several papers: short answers, paper by paper
    kind: str = ""  #: for unanswerable questions: why they are so


def read_cases(lines: Iterable[str], name: str) -> list[Case]:
    """Return the cases in the ``lines`` of the JSONL file called ``name``.

    Raises:
        UsageError: a line is not JSON or lacks a field.
    """
    cases: list[Case] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cases.append(_case(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{name}, line {number}: not a case ({error!r}).", "Mend that line.") from error
    return cases


def _case(data: Mapping[str, Any]) -> Case:
    return Case(
        id=data["id"],
        type=data["type"],
        split=data["split"],
        question=data["question"],
        history=tuple(data["history"]),
        answerable=data["answerable"],
        gold=tuple(Gold(g["document"], g["quote"], g["start"], g["end"]) for g in data["gold"]),
        short=tuple(data["short"]),
        papers=data["papers"],
        expect=tuple(tuple(group) for group in data.get("expect", ())),
        kind=data.get("kind", ""),
    )


def write_case(case: Case) -> str:
    """Return the line of the file that holds ``case``, without a line end."""
    fields: dict[str, Any] = {name: getattr(case, name) for name in Case.__dataclass_fields__}
    fields["gold"] = [{name: getattr(gold, name) for name in Gold.__dataclass_fields__} for gold in case.gold]
    optional = ("expect", "kind")
    return json.dumps({k: v for k, v in fields.items() if v or k not in optional}, ensure_ascii=False)


def find_quote(text: str, quote: str) -> Span:
    """Return where ``quote`` stands in ``text``.

    As it stands if it occurs so, else overlooking white space, hyphens and case.

    Raises:
        QuoteError: it stands nowhere, or in more than one place.
    """
    spans = occurrences(text, quote) or _loose_occurrences(text, quote)
    if len(spans) != 1:
        raise QuoteError(
            f"the quote \u201c{quote[:60]}\u201d stands in {len(spans)} places.",
            "Quote one whole sentence or table row.",
        )
    return spans[0]


def occurrences(text: str, quote: str) -> list[Span]:
    """Return each place of ``text`` where ``quote`` stands to the letter; places may overlap."""
    spans: list[Span] = []
    at = text.find(quote) if quote else -1
    while at >= 0:
        spans.append(Span(at, at + len(quote)))
        at = text.find(quote, at + 1)
    return spans


def _loose_occurrences(text: str, quote: str) -> list[Span]:
    loose, origins = _loosened(text)
    wanted, _ = _loosened(quote)
    return [Span(origins[s.start], origins[s.end - 1] + 1) for s in occurrences(loose, wanted)]


def _loosened(text: str) -> tuple[str, list[int]]:
    kept = [
        (folded, at)
        for at, character in enumerate(text)
        if not character.isspace() and character not in _HYPHENS
        for folded in character.casefold()
    ]
    return "".join(folded for folded, _ in kept), [at for _, at in kept]


def resolve_gold(gold: Gold, documents: Mapping[str, Document]) -> Gold:
    """Return ``gold`` with the exact quote and its offsets.

    Raises:
        QuoteError: the paper is not among ``documents``, or the quote not in it once.
    """
    document = documents.get(gold.document)
    if document is None:
        raise QuoteError(f"no paper has the id {gold.document[:16]}.", "Name the folder that holds it.")
    span = find_quote(document.text, gold.quote)
    return replace(gold, quote=span.of(document.text), start=span.start, end=span.end)


def faults(case: Case, units: Mapping[str, frozenset[Span]]) -> list[str]:
    """Return what is wrong with a resolved ``case``, a phrase for each fault.

    ``units`` holds the quotable spans of each paper by its id.
    """
    found = [
        f"{name} {value!r} is unknown"
        for name, value, known in (("type", case.type, TYPES), ("split", case.split, SPLITS))
        if value not in known
    ]
    if case.answerable != bool(case.gold):
        found.append("answerable questions have gold, the others none")
    quotes = [gold.quote.casefold() for gold in case.gold]
    for short in (*case.short, *(s for group in case.expect for s in group)):
        if not any(short.casefold() in quote for quote in quotes):
            found.append(f"the short answer {short!r} is in no gold quote")
    papers = len({gold.document for gold in case.gold})
    if case.papers == "several" and (papers < 2 or len(case.expect) not in (0, papers)):
        found.append(f"several papers owe an answer: gold in {papers}, expected of {len(case.expect)}")
    for gold in case.gold:
        if Span(gold.start or 0, gold.end or 0) not in units[gold.document]:
            found.append(f"not a whole sentence, row or front line: {gold.quote[:60]!r}")
    return found


def quotable(document: Document) -> frozenset[Span]:
    """Return the spans that gold may have: sentences, table rows, title and front matter."""
    from index.read.sentences import sentence_spans

    sentences = (span for _, span in sentence_spans(document))
    fronts = (block.span for block in document.blocks if block.kind in _METADATA_KINDS)
    return frozenset((*sentences, *fronts))


def set_faults(cases: Sequence[Case]) -> list[str]:
    """Return what is wrong between the cases: ids used twice, chains torn between halves."""
    found = [f"the id {name} is used {n} times" for name, n in Counter(c.id for c in cases).items() if n > 1]
    halves: dict[str, str] = {}
    for case in cases:
        if case.history and halves.setdefault(case.history[0], case.split) != case.split:
            found.append(f"{case.id}: its chain of questions lies in both halves")
    return found


def read_papers(folder: Path) -> dict[str, Document]:
    """Return the text and Markdown papers in ``folder`` by id.

    Raises:
        LoccitError: one of them cannot be read.
    """
    from index.read.text.plain import read_plain

    paths = sorted(path for path in folder.iterdir() if path.suffix in {".txt", ".md"})
    documents = (read_plain(path.read_bytes(), path.name) for path in paths)
    return {document.id: document for document in documents}


def resolve(cases: Sequence[Case], documents: Mapping[str, Document]) -> tuple[list[Case], list[str]]:
    """Return the resolved cases and all faults; a case with a lost quote stays as it was."""
    units = {name: quotable(document) for name, document in documents.items()}
    resolved: list[Case] = []
    found: list[str] = []
    for case in cases:
        try:
            placed = replace(case, gold=tuple(resolve_gold(gold, documents) for gold in case.gold))
        except QuoteError as error:
            resolved.append(case)
            found.append(f"{case.id}: {error}")
            continue
        resolved.append(placed)
        found += (f"{case.id}: {fault}" for fault in faults(placed, units))
    return resolved, found + set_faults(resolved)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 where faults were found, or the error's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", type=Path, help="the question set, a JSONL file")
    parser.add_argument("papers", type=Path, help="the folder that holds its papers")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where offsets differ")
    given = parser.parse_args(arguments)
    try:
        before = read_cases(given.cases.read_text("utf-8").splitlines(), given.cases.name)
        after, found = resolve(before, read_papers(given.papers))
    except (LoccitError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code if isinstance(error, LoccitError) else UsageError.exit_code
    stale = [case.id for case, now in zip(before, after, strict=True) if case != now]
    if given.check:
        found += (f"{name}: quote or offsets differ from the paper" for name in stale)
    elif stale:
        given.cases.write_text("".join(f"{write_case(case)}\n" for case in after), "utf-8")
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    sys.stdout.write(f"{len(after)} questions, {len(stale)} placed anew, {len(found)} faults\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
