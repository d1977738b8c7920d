"""Conversations kept in an SQLite file beside the index; nothing leaves the machine.

Each has an owner and is found by that owner only. Turns are JSON, written and read by the caller.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qa.files.database import forget_deleted, opened

FILE = "conversations.sqlite"
_LONGEST_TITLE = 200
_STEPS = (
    (
        "CREATE TABLE conversations (number INTEGER PRIMARY KEY, owner TEXT NOT NULL, key TEXT NOT NULL, "
        "title TEXT NOT NULL, changed TEXT NOT NULL, revision INTEGER NOT NULL, UNIQUE (owner, key))",
        "CREATE TABLE turns (number INTEGER PRIMARY KEY, conversation INTEGER NOT NULL "
        "REFERENCES conversations ON DELETE CASCADE, key TEXT NOT NULL, body TEXT NOT NULL, "
        "said TEXT NOT NULL, UNIQUE (conversation, key))",
        "CREATE TABLE not_keeping (owner TEXT PRIMARY KEY)",
    ),
)
_TITLES = (
    "SELECT c.key, c.title, c.changed, count(t.number), group_concat(t.said, char(10)) FROM conversations c "
    "JOIN turns t ON t.conversation = c.number WHERE c.owner = ? "
    "GROUP BY c.number ORDER BY c.changed DESC, c.number DESC"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in the list."""

    key: str
    title: str
    changed: str  #: ISO 8601, UTC
    questions: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as stored."""

    title: str
    revision: int  #: grows with every change
    turns: tuple[tuple[str, str], ...]  #: key and JSON of each, oldest first


class Conversations:
    """The conversations of one owner. Every method raises ``StorageError`` if the file cannot be used."""

    def __init__(self, folder: Path, owner: str) -> None:
        """Use the file in ``folder``; ``owner`` is empty where there is no sign-in."""
        self.path = folder / FILE
        self._owner = owner

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened(self.path, _STEPS)

    def listed(self, words: str = "") -> list[Listed]:
        """Return those that contain all ``words``, in any case, the last changed first."""
        if not self.path.exists():
            return []
        with self._opened() as base:
            rows = base.execute(_TITLES, [self._owner]).fetchall()
        wanted = words.casefold().split()
        return [
            Listed(key, title, changed, count)
            for key, title, changed, count, said in rows
            if all(word in f"{title}\n{said}".casefold() for word in wanted)
        ]

    def revision(self, key: str) -> int:
        """Return the revision of a conversation, 0 if there is none."""
        if not self.path.exists():
            return 0
        with self._opened() as base:
            row = _row(base, self._owner, key)
        return row[1] if row else 0

    def find(self, key: str) -> Stored | None:
        """Return a conversation, None if there is none."""
        if not self.path.exists():
            return None
        with self._opened() as base:
            if (row := _row(base, self._owner, key)) is None:
                return None
            number, revision, title = row
            turns = base.execute(
                "SELECT key, body FROM turns WHERE conversation = ? ORDER BY number", [number]
            )
            return Stored(title, revision, tuple(turns.fetchall()))

    def put(self, key: str, turn: str, body: str, said: str, *, title: str = "") -> int:
        """Store a turn or replace it, and return the conversation's new revision.

        Returns 0 and stores nothing if the conversation has been deleted. ``turn`` is the key of the turn,
        ``body`` the turn as JSON, ``said`` what a search looks in; without a ``title``, the conversation must
        exist.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._opened() as base:
            if title:
                base.execute(
                    "INSERT INTO conversations (owner, key, title, changed, revision) "
                    "VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
                    [self._owner, key, _shortened(title), now],
                )
            base.execute(
                "UPDATE conversations SET changed = ?, revision = revision + 1 WHERE owner = ? AND key = ?",
                [now, self._owner, key],
            )
            if (row := _row(base, self._owner, key)) is None:
                return 0
            base.execute(
                "INSERT INTO turns (conversation, key, body, said) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (conversation, key) DO UPDATE SET body = excluded.body, said = excluded.said",
                [row[0], turn, body, said],
            )
            return row[1]

    def rename(self, key: str, title: str) -> None:
        """Give a conversation another title; an empty one is ignored."""
        if shortened := _shortened(title):
            with self._opened() as base:
                base.execute(
                    "UPDATE conversations SET title = ?, revision = revision + 1 WHERE owner = ? AND key = ?",
                    [shortened, self._owner, key],
                )
                forget_deleted(base)

    def delete(self, key: str | None) -> None:
        """Delete a conversation, all of this owner if ``key`` is None. Nothing of it stays in the file."""
        if self.path.exists():
            with self._opened() as base:
                base.execute(
                    "DELETE FROM conversations WHERE owner = ? AND key = ifnull(?, key)", [self._owner, key]
                )
                forget_deleted(base)

    @property
    def keeping(self) -> bool:
        """Whether this owner's conversations are kept."""
        if not self.path.exists():
            return True
        with self._opened() as base:
            rows = base.execute("SELECT 1 FROM not_keeping WHERE owner = ?", [self._owner])
            return rows.fetchone() is None

    @keeping.setter
    def keeping(self, on: bool) -> None:
        change = (
            "DELETE FROM not_keeping WHERE owner = ?"
            if on
            else "INSERT OR IGNORE INTO not_keeping VALUES (?)"
        )
        with self._opened() as base:
            base.execute(change, [self._owner])


def _row(base: sqlite3.Connection, owner: str, key: str) -> tuple[int, int, str] | None:
    """Return number, revision and title of a conversation."""
    row: tuple[int, int, str] | None = base.execute(
        "SELECT number, revision, title FROM conversations WHERE owner = ? AND key = ?", [owner, key]
    ).fetchone()
    return row


def _shortened(title: str) -> str:
    return " ".join(title.split())[:_LONGEST_TITLE]
