"""Judgements of answers, kept in an SQLite file beside the index; nothing leaves the machine."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from index.errors import StorageError
from qa.records import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.records import Answer

FILE = "feedback.sqlite"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS feedback (number INTEGER PRIMARY KEY, made TEXT NOT NULL, "
    "helpful INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, UNIQUE (question, answer))"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer and whether it helped."""

    number: int
    made: str  #: ISO 8601, UTC
    helpful: bool
    question: str  #: as searched, standing alone
    answer: dict[str, Any]  #: see ``qa.records.as_json``


def save(folder: Path, answer: Answer, helpful: bool) -> None:
    """Keep a judgement; it replaces an earlier one of the same answer.

    Raises:
        StorageError: the file cannot be written.
    """
    stored = as_json(answer)
    stored["receipt"]["seconds"] = {}  # timings differ, though the answer is the same
    made = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True)
    with _opened(folder) as base:
        base.execute(
            "INSERT INTO feedback (made, helpful, question, answer) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (question, answer) DO UPDATE SET made = excluded.made, helpful = excluded.helpful",
            (made, int(helpful), answer.resolved_question, text),
        )


def judgements(folder: Path) -> list[Judgement]:
    """Return all judgements, oldest first.

    Raises:
        StorageError: the file cannot be read, or is damaged.
    """
    if not (folder / FILE).is_file():
        return []
    with _opened(folder) as base:
        rows = base.execute("SELECT number, made, helpful, question, answer FROM feedback ORDER BY number")
        return [
            Judgement(number, made, bool(helpful), question, json.loads(answer))
            for number, made, helpful, question, answer in rows
        ]


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    path = folder / FILE
    try:
        with closing(sqlite3.connect(path, timeout=10)) as base:
            base.execute("PRAGMA journal_mode = WAL")  # readers and writers of several sessions do not block
            base.execute(_SCHEMA)
            with base:
                yield base
    except sqlite3.Error as error:
        raise StorageError(
            f"{path}: {error}.", "Check the file, its permissions and the free disk space."
        ) from error
