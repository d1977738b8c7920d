"""Judgements of answers: in an SQLite file beside an index in a folder, or in the database of the index."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from index.place import Place
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


class Rows(Protocol):
    """Judgements as they are stored, see ``Judgement``; ``answer`` and ``gold`` are JSON."""

    def put(self, made: str, helpful: int, question: str, answer: str, owner: str, gold: str | None) -> None:
        """Store a judgement; replace the one of the same owner, question and answer."""

    def drop(self, owner: str, number: int | None, answer: str | None) -> None:
        """Delete the judgement of an owner with that number, or of that answer."""

    def rows(self, owner: str | None) -> list[tuple[int, str, int, str, str, str | None]]:
        """Return number, date, whether it was right, question, answer and gold of each, oldest first.

        ``owner`` is None for those of everybody.
        """


@dataclass(frozen=True, slots=True)
class _File:
    """Those beside an index in a folder."""

    path: Path

    def put(self, made: str, helpful: int, question: str, answer: str, owner: str, gold: str | None) -> None:
        with opened(self.path, _STEPS) as base:
            base.execute(
                "INSERT INTO feedback (made, helpful, question, answer, owner, gold) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (owner, question, answer) DO UPDATE SET "
                "made = excluded.made, helpful = excluded.helpful, gold = excluded.gold",
                (made, helpful, question, answer, owner, gold),
            )

    def drop(self, owner: str, number: int | None, answer: str | None) -> None:
        with opened(self.path, _STEPS) as base:
            base.execute(
                "DELETE FROM feedback WHERE owner = ? AND (number = ? OR answer = ?)", (owner, number, answer)
            )
            forget_deleted(base)

    def rows(self, owner: str | None) -> list[tuple[int, str, int, str, str, str | None]]:
        if not self.path.is_file():
            return []
        with opened(self.path, _STEPS) as base:
            return base.execute(
                "SELECT number, made, helpful, question, answer, gold FROM feedback "
                "WHERE owner = ifnull(?, owner) ORDER BY number",
                [owner],
            ).fetchall()


def _rows_at(place: Place) -> Rows:
    if isinstance(place, Path):
        return _File(place / FILE)
    from index.postgres.feedback import FeedbackTable

    return FeedbackTable(place)


def save(
    place: Place, answer: Answer, helpful: bool, *, owner: str = "", gold: Sequence[Right] | None = None
) -> None:
    """Keep a judgement; it replaces an earlier one of the same answer by the same ``owner``.

    The quotes of an answer that was right are ``gold``.

    Raises:
        StorageError: the file, or the table, cannot be written.
    """
    if helpful:
        gold = [Right(one.document_id, one.quote) for one in answer.citations]
    told = None if gold is None else json.dumps([[one.document, one.quote] for one in gold])
    made = datetime.now(UTC).isoformat(timespec="seconds")
    _rows_at(place).put(made, int(helpful), answer.resolved_question, _text(answer), owner, told)


def withdraw(place: Place, owner: str, *, answer: Answer | None = None, number: int | None = None) -> None:
    """Delete the judgement of ``answer``, or with that ``number``.

    Raises:
        StorageError: the file, or the table, cannot be written.
    """
    _rows_at(place).drop(owner, number, _text(answer) if answer else None)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def judgements(
    place: Place, *, owner: str | None = None, say: Callable[[str], object] = _to_stderr
) -> list[Judgement]:
    """Return the judgements of ``owner``, or of everybody, oldest first.

    Those that are damaged are left out, and ``say`` gets a line on it.

    Raises:
        StorageError: the file, or the table, cannot be read, or is damaged.
    """
    rows = _rows_at(place).rows(owner)
    kept = [made for row in rows if (made := _judgement(*row))]
    if lost := len(rows) - len(kept):
        say(f"Feedback: {lost} damaged {'judgement is' if lost == 1 else 'judgements are'} left out.")
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
