"""Judgements of answers in a database, so that those of all people are in one place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from index.postgres.address import Database
from index.postgres.current import desk

#: Without sign-in, a person is known by the role of the database.
_OWNER = "coalesce(nullif(%(owner)s::text, ''), 'role ' || session_user)"
_PUT = f"""
    INSERT INTO loccit.feedback AS f (owner, key, made, helpful, question, answer, gold)
    VALUES ({_OWNER}, %(key)s, %(made)s, %(helpful)s::int::bool, %(question)s, %(answer)s, %(gold)s)
    ON CONFLICT (owner, key) DO UPDATE SET
        made = excluded.made, helpful = excluded.helpful, gold = excluded.gold"""
_DROP = f"""
    DELETE FROM loccit.feedback
    WHERE owner = {_OWNER} AND (number = %(number)s OR answer = %(answer)s)"""
_ROWS = f"""
    SELECT number, made, helpful::int, question, answer, gold FROM loccit.feedback
    WHERE %(owner)s::text IS NULL OR owner = {_OWNER} ORDER BY number"""


@dataclass(frozen=True, slots=True)
class FeedbackTable:
    """Feedback in a database; a ``qa.files.feedback.Rows``, where the methods are described."""

    database: Database

    def put(self, made: str, helpful: int, question: str, answer: str, owner: str, gold: str | None) -> None:
        """Store a judgement."""
        key = hashlib.sha256(f"{question}\n{answer}".encode()).hexdigest()
        row = {"made": made, "helpful": helpful, "question": question, "answer": answer, "gold": gold}
        desk(self.database).run(lambda session: session.execute(_PUT, {**row, "owner": owner, "key": key}))

    def drop(self, owner: str, number: int | None, answer: str | None) -> None:
        """Delete a judgement."""
        row = {"owner": owner, "number": number, "answer": answer}
        desk(self.database).run(lambda session: session.execute(_DROP, row))

    def rows(self, owner: str | None) -> list[tuple[int, str, int, str, str, str | None]]:
        """Return the judgements, oldest first."""
        return desk(self.database).run(lambda session: session.execute(_ROWS, {"owner": owner}).fetchall())
