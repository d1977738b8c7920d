"""Judgements of answers, kept in an SQLite file beside the index; nothing leaves the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa.files.database import forget_deleted, opened
from qa.records import Answer, as_json

FILE = "feedback.sqlite"
_COLUMNS = (
    "number INTEGER PRIMARY KEY, made TEXT NOT NULL, helpful INTEGER NOT NULL, question TEXT NOT NULL, "
    "answer TEXT NOT NULL"
)
#: The first release had the first table, without a version.
_STEPS = (
    (
        f"CREATE TABLE IF NOT EXISTS feedback ({_COLUMNS}, UNIQUE (question, answer))",
        "ALTER TABLE feedback RENAME TO earlier",
        f"CREATE TABLE feedback ({_COLUMNS}, owner TEXT NOT NULL DEFAULT '', gold TEXT, "
        "UNIQUE (owner, question, answer))",
        "INSERT INTO feedback (number, made, helpful, question, answer) SELECT * FROM earlier",
        "DROP TABLE earlier",
    ),
)


@dataclass(frozen=True, slots=True)
class Right:
    """A sentence that would have been right."""

    document: str  #: id of its paper
    quote: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer, whether it was right, and what would have been."""

    number: int
    made: str  #: ISO 8601, UTC
    helpful: bool
    question: str  #: as searched, standing alone
    answer: dict[str, Any]  #: see ``qa.records.as_json``
    gold: tuple[Right, ...] | None = None  #: () if the papers do not answer; None while nobody said


def save(
    folder: Path, answer: Answer, helpful: bool, *, owner: str = "", gold: Sequence[Right] | None = None
) -> None:
    """Keep a judgement; it replaces an earlier one of the same answer by the same ``owner``.

    The quotes of an answer that was right are ``gold``.

    Raises:
        StorageError: the file cannot be written.
    """
    if helpful:
        gold = [Right(one.document_id, one.quote) for one in answer.citations]
    told = None if gold is None else json.dumps([[one.document, one.quote] for one in gold])
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with opened(folder / FILE, _STEPS) as base:
        base.execute(
            "INSERT INTO feedback (made, helpful, question, answer, owner, gold) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (owner, question, answer) DO UPDATE SET "
            "made = excluded.made, helpful = excluded.helpful, gold = excluded.gold",
            (made, int(helpful), answer.resolved_question, _text(answer), owner, told),
        )


def withdraw(folder: Path, owner: str, *, answer: Answer | None = None, number: int | None = None) -> None:
    """Delete the judgement of ``answer``, or with that ``number``.

    Raises:
        StorageError: the file cannot be written.
    """
    text = _text(answer) if answer else None
    with opened(folder / FILE, _STEPS) as base:
        base.execute(
            "DELETE FROM feedback WHERE owner = ? AND (number = ? OR answer = ?)", (owner, number, text)
        )
        forget_deleted(base)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def judgements(
    folder: Path, *, owner: str | None = None, say: Callable[[str], object] = _to_stderr
) -> list[Judgement]:
    """Return the judgements of ``owner``, or of everybody, oldest first.

    Those that are damaged are left out, and ``say`` gets a line on it.

    Raises:
        StorageError: the file cannot be read, or is damaged.
    """
    if not (folder / FILE).is_file():
        return []
    with opened(folder / FILE, _STEPS) as base:
        rows = base.execute(
            "SELECT number, made, helpful, question, answer, gold FROM feedback "
            "WHERE owner = ifnull(?, owner) ORDER BY number",
            [owner],
        ).fetchall()
    kept = [made for row in rows if (made := _judgement(*row))]
    if lost := len(rows) - len(kept):
        say(f"{FILE}: {lost} damaged {'judgement is' if lost == 1 else 'judgements are'} left out.")
    return kept


def _judgement(
    number: int, made: str, helpful: int, question: str, answer: str, told: str | None
) -> Judgement | None:
    """Return the judgement in a row; None if it is damaged."""
    try:
        shown = dict(json.loads(answer))
        gold = None if told is None else tuple(Right(paper, quote) for paper, quote in json.loads(told))
        if helpful and gold is None:  # of the first release
            gold = tuple(Right(one["document_id"], one["quote"]) for one in shown["citations"])
    except (KeyError, TypeError, ValueError):
        return None
    if not all(isinstance(text, str) for one in gold or () for text in (one.document, one.quote)):
        return None
    return Judgement(number, made, bool(helpful), question, shown, gold)


def _text(answer: Answer) -> str:
    """Return the same text for the same answer."""
    stored = as_json(answer)
    stored["receipt"]["seconds"] = {}  # timings differ, though the answer is the same
    return json.dumps(stored, ensure_ascii=False, sort_keys=True)
