"""Short work in a database, outside of any generation, on a connection that is kept."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from index.errors import IndexMissing
from index.postgres.address import Database
from index.postgres.connect import connect, refusals
from index.postgres.schema import require_version

if TYPE_CHECKING:
    from index.postgres.connect import Session

T = TypeVar("T")


class Desk:
    """A connection for short work, made when it is needed and again when it was lost. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._session: Session | None = None

    def run(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` gives, as one transaction; it must be repeatable, see ``Link.run``.

        Raises:
            OlderFormat, FormatMismatch: another version of Loccit made the tables.
            IndexMissing: there are none.
            StorageError: the database refused.
        """
        from psycopg import Error

        with self._lock, refusals(self._database):
            kept = self._session
            if kept is not None and not kept.closed:
                try:
                    return self._done(kept, work)
                except Error:
                    if not kept.broken:
                        raise
            self._session = session = connect(self._database, reading=False)
            weakref.finalize(self, session.close)
            return self._done(session, work)

    def _done(self, session: Session, work: Callable[[Session], T]) -> T:
        with session.transaction():
            require_version(session, self._database)
            return work(session)


@lru_cache(maxsize=8)
def desk(database: Database) -> Desk:
    """Return the desk of this process for a database."""
    return Desk(database)


def current(database: Database) -> tuple[int, str] | None:
    """Return number and date of the current generation; None if nothing was published."""
    try:
        return desk(database).run(
            lambda session: session.execute("SELECT generation, created FROM loccit.state").fetchone()
        )
    except IndexMissing:
        return None
