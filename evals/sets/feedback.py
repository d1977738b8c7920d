"""Turns thumbs given in the chat into cases of a question set of one's own.

A thumb alone is no gold: whoever adds it says which quotes are right. A thumb up
offers the quotes that were shown; a thumb down needs the right quote, copied from
the paper, or the statement that the papers do not answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evals.sets.corpora import read_entries
from evals.sets.jsonl import places_of
from index.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from index.text import Document
    from qa.files.feedback import Judgement

#: Name of the set, beside the index, unless another is given.
FILE = "feedback-cases.jsonl"
NONE = "none"
SKIP = "skip"
_UP = f"Enter: all these quotes are right; or their numbers; or a right quote; or “{NONE}”; or “{SKIP}”"
_REFUSED = f"Enter: rightly refused; or the quote that answers; or “{SKIP}”"
_DOWN = f"The right quote, copied from the paper; or “{NONE}” if the papers do not answer; or Enter to skip"


def id_of(judgement: Judgement) -> str:
    """Return the id of the case that a judgement becomes."""
    return f"feedback-{judgement.number}"


def waiting(found: Sequence[Judgement], path: Path) -> list[Judgement]:
    """Return the judgements that are not in the set at ``path`` yet.

    Raises:
        UsageError: the file there is no question set.
    """
    try:
        added = {str(entry["id"]) for entry in read_entries(path)} if path.is_file() else set()
    except (ValueError, KeyError) as error:
        raise UsageError(f"{path}: not a question set.", "Give another file with --file.") from error
    return [judgement for judgement in found if id_of(judgement) not in added]


def shown(judgement: Judgement) -> list[str]:
    """Return the lines that tell a person what was asked, answered and thought of it."""
    quotes = [citation["quote"] for citation in judgement.answer["citations"]]
    lines = [f"{judgement.number}. {judgement.question} (judged {'right' if judgement.helpful else 'wrong'})"]
    return (
        lines
        + [f"   [{at}] {quote}" for at, quote in enumerate(quotes, 1)]
        + ([] if quotes else ["   refused"])
    )


def decide(
    judgement: Judgement, papers: Mapping[str, Document], ask: Callable[[str], str]
) -> dict[str, Any] | None:
    """Return the case that a person makes of ``judgement``; None where it is skipped.

    ``ask`` puts a request to the person and returns what is typed; it is asked again
    after a quote that is in no paper, with the reason.
    """
    refused = not judgement.answer["citations"]
    request = (_REFUSED if refused else _UP) if judgement.helpful else _DOWN
    note = ""
    while True:
        said = ask(note + request).strip()
        if said == SKIP or (not said and not judgement.helpful):
            return None
        try:
            return case(judgement, papers, said)
        except UsageError as error:
            note = f"{error}\n"


def case(judgement: Judgement, papers: Mapping[str, Document], said: str) -> dict[str, Any]:
    """Return the case of ``judgement`` with the gold that ``said`` names.

    ``said`` is "" for the quotes shown, their numbers, "none", or a quote.

    Raises:
        UsageError: there is no such quote.
    """
    citations = judgement.answer["citations"]
    numbers = said.replace(",", " ").split()
    if said == NONE or (not said and not citations):
        quotes = []
    elif not said:
        quotes = [citation["quote"] for citation in citations]
    elif all(number.isdecimal() for number in numbers):
        quotes = [_numbered(citations, int(number)) for number in numbers]
    else:
        quotes = [said]
    gold = [place for quote in quotes for place in _places(quote, papers)]
    return {
        "id": id_of(judgement),
        "type": "feedback",
        "question": judgement.question,
        "history": [],
        "answerable": bool(gold),
        "gold": gold,
        "short": [],
        "papers": "one",
    }


def _numbered(citations: Sequence[Mapping[str, Any]], number: int) -> str:
    if not 1 <= number <= len(citations):
        raise UsageError(f"there is no quote {number}.", f"There are {len(citations)}.")
    return str(citations[number - 1]["quote"])


def _places(quote: str, papers: Mapping[str, Document]) -> list[dict[str, Any]]:
    found = [
        {
            "document": document.id,
            "quote": span.of(document.text),
            "start": span.start,
            "end": span.end,
        }
        for document in papers.values()
        for span in places_of(quote, document.text)
    ]
    if not found:
        raise UsageError(f"no paper holds “{quote[:60]}”.", "Copy it from the source panel.")
    return found


def append(path: Path, cases: Sequence[Mapping[str, Any]]) -> None:
    """Add ``cases`` to the set at ``path``.

    Raises:
        StorageError: the disk refused.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in cases)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}.", "Check the disk's free space and rights.") from error
