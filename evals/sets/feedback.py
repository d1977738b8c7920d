"""Turns thumbs given in the chat into questions of an evaluation.

A thumb alone is not gold: somebody has to say which quotes are right. A thumb up offers the
quotes that were shown; a thumb down needs the right quote, copied from the paper, or the
statement that the papers do not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from evals.sets.cases import UNPLACED, Case, Gold, entry_of, lines_of, occurrences, placed, read_cases
from index.errors import UsageError
from index.files import refusals
from index.text import Document
from qa.files.feedback import Judgement

#: Name of the set, beside the index, unless another is given.
FILE = "feedback-cases.jsonl"
NONE = "none"
SKIP = "skip"
_UP = f"Enter: all these quotes are right; or their numbers; or the right quote; or “{NONE}”; or “{SKIP}”"
_REFUSED = f"Enter: the papers do not answer; or the quote that answers; or “{SKIP}”"
_DOWN = f"The right quote, copied from the paper; or “{NONE}” if the papers do not answer; or Enter to skip"


def waiting(judgements: Sequence[Judgement], path: Path) -> list[Judgement]:
    """Return the judgements that are not in the set at ``path`` yet.

    Raises:
        UsageError: the file there is not a question set.
    """
    added = {case.id for case in read_cases(path)} if path.is_file() else set()
    return [judgement for judgement in judgements if _case(judgement, []).id not in added]


def shown(judgement: Judgement) -> list[str]:
    """Return the lines that show a person the question, its answer and the thumb."""
    thumb = "right" if judgement.helpful else "wrong"
    quotes = [f"   [{number}] {gold.quote}" for number, gold in enumerate(_quoted(judgement), 1)]
    return [f"{judgement.number}. {judgement.question} (judged {thumb})", *(quotes or ["   not found"])]


def decide(judgement: Judgement, papers: Mapping[str, Document], ask: Callable[[str], str]) -> Case | None:
    """Return the case that a person makes of ``judgement``, or None to skip it.

    ``ask`` shows a request and returns what is typed. It is called again, with the reason,
    after a quote that is in no paper.
    """
    request = _DOWN
    if judgement.helpful:
        request = _UP if _quoted(judgement) else _REFUSED
    note = ""
    while True:
        said = ask(note + request).strip()
        if said == SKIP or (not said and not judgement.helpful):
            return None
        try:
            return case(judgement, papers, said)
        except UsageError as error:
            note = f"{error}\n"


def case(judgement: Judgement, papers: Mapping[str, Document], said: str) -> Case:
    """Return the case of ``judgement`` with the gold that ``said`` names, placed in ``papers``.

    ``said`` is "" for the quotes shown, their numbers, "none", or a quote.

    Raises:
        UsageError: there is no such quote.
    """
    quoted = _quoted(judgement)
    numbers = said.replace(",", " ").split()
    if said == NONE:
        gold = []
    elif all(number.isdecimal() for number in numbers):
        if wrong := [number for number in numbers if not 1 <= int(number) <= len(quoted)]:
            raise UsageError(f"there is no quote {wrong[0]}.", f"There are {len(quoted)}.")
        gold = [quoted[int(number) - 1] for number in numbers] if numbers else quoted
    else:
        gold = [Gold(key, UNPLACED, quote=said) for key in papers if occurrences(said, papers[key].text)]
        if not gold:
            raise UsageError(f"no paper contains “{said[:60]}”.", "Copy it from the source panel.")
    return placed(_case(judgement, gold), papers)


def _quoted(judgement: Judgement) -> list[Gold]:
    citations = judgement.answer["citations"]
    return [Gold(one["document_id"], UNPLACED, quote=one["quote"]) for one in citations]


def _case(judgement: Judgement, gold: Sequence[Gold]) -> Case:
    name = f"feedback-{judgement.number}"
    return Case(name, judgement.question, answerable=bool(gold), gold=tuple(gold), type="feedback")


def as_lines(judgements: Sequence[Judgement]) -> str:
    """Return all judgements as a question file: quotes with a thumb up are gold.

    "answerable" is null after a thumb down. ``read_cases`` refuses it until somebody decides.
    """
    return lines_of(
        entry_of(_case(item, _quoted(item) if item.helpful else []))
        | ({} if item.helpful else {"answerable": None})
        for item in judgements
    )


def append(path: Path, cases: Sequence[Case]) -> None:
    """Add ``cases`` to the set at ``path``.

    Raises:
        StorageError: the disk refused.
    """
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(lines_of(map(entry_of, cases)))
