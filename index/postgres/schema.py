"""The version of the tables: checked by readers, raised by writers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from index.errors import FormatMismatch, IndexMissing, OlderFormat, StorageError
from index.postgres.address import Database
from index.postgres.connect import refusals

if TYPE_CHECKING:
    from index.postgres.connect import Session

BUILD = "Build one: loccit build FOLDER --index URI"


def migrations() -> list[str]:
    """Return the SQL of every migration: number ``i`` leads from version ``i`` to ``i + 1``."""
    folder = resources.files("index.postgres") / "migrations"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".sql")), key=lambda one: one.name)
    return [one.read_text(encoding="utf-8") for one in files]


def version_of(session: Session) -> int | None:
    """Return the version of the tables; None if there are none."""
    row = session.execute("SELECT to_regclass('loccit.version') IS NOT NULL").fetchone()
    if not row or not row[0]:
        return None
    (number,) = session.execute("SELECT number FROM loccit.version").fetchone() or (0,)
    return int(number)


def require_version(session: Session, database: Database) -> None:
    """Check that this version of Loccit can read the tables.

    Raises:
        IndexMissing: there are none.
        OlderFormat, FormatMismatch: another version of Loccit made them.
    """
    known, there = len(migrations()), version_of(session)
    what = f"{database}: tables of version {there}, but this version of Loccit reads version {known}."
    if there is None:
        raise IndexMissing(f"{database}: there is no index yet.", BUILD)
    if there < known:
        raise OlderFormat(what, "Any build or add brings them up to date, by a role that may change tables.")
    if there > known:
        raise FormatMismatch(what, "Use the version of Loccit that made them.")


def migrate(session: Session, database: Database, steps: Sequence[str] | None = None) -> None:
    """Bring the tables to the newest version, all at once or not at all.

    Args:
        session: in autocommit mode.
        database: for messages.
        steps: see ``migrations``, which gives them if None.

    Raises:
        StorageError: the server lacks pgvector, the role lacks a right, or the database is not in UTF-8;
            nothing was changed.
        FormatMismatch: a newer version of Loccit made the tables.
    """
    steps = migrations() if steps is None else steps
    with refusals(database), session.transaction():
        there = version_of(session)
        if there is None and session.execute("SHOW server_encoding").fetchone() != ("UTF8",):
            what = f"{database}: its encoding cannot store every text."
            raise StorageError(what, "Create the database with ENCODING 'UTF8' TEMPLATE template0.")
        for step in steps[there or 0 :]:
            session.execute(step)
        if there is None or there < len(steps):
            session.execute("UPDATE loccit.version SET number = %s", (len(steps),))
    with refusals(database):
        if steps == migrations():
            require_version(session, database)
