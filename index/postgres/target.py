"""Publishing into a database: one transaction, so that readers see the generation before or after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexLocked, StorageError
from index.postgres.address import Database
from index.postgres.connect import connect, refusals
from index.postgres.schema import migrate
from index.postgres.snapshot import Snapshot
from index.postgres.write import change_counts, put_paper, put_state
from index.store.index import Index
from index.store.manifest import FORMAT, Counts, Manifest
from index.store.publish import Origin, Papers

if TYPE_CHECKING:
    from index.postgres.connect import Session

_LOCK = 0x10CC17  #: of PostgreSQL's advisory locks, which belong to one database
_PAUSE = 0.2  #: seconds between attempts to get it


class Target:
    """A database that keeps an index; an ``index.store.target.Target``."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Write to ``database``; unfinished work and copies of papers' files are kept in ``folder``."""
        self.folder = folder
        self._database = database
        self._session: Session | None = None  # while the lock is held

    @contextmanager
    def writing(self, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock of the database during the block; make the tables, or bring them up to date.

        Raises:
            IndexLocked: another process holds it.
            FormatMismatch: a newer version of Loccit made the tables.
            StorageError: the database refused.
        """
        session = connect(self._database, reading=False)
        try:
            with refusals(self._database):
                self._lock(session, wait)
            migrate(session, self._database)
            self._require_rights(session)
            self._session = session
            yield
        finally:
            self._session = None
            session.close()  # gives up the lock

    def _lock(self, session: Session, wait: float) -> None:
        until = time.monotonic() + wait
        while session.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
            if time.monotonic() >= until:
                what = f"{self._database}: another process is writing this index."
                raise IndexLocked(what, "Try again when it is done.")
            time.sleep(_PAUSE)

    def _require_rights(self, session: Session) -> None:
        """Raise a ``StorageError`` before hours of work if the result could not be written."""
        writes = "current_setting('transaction_read_only') = 'off'"  # it is on in a standby server
        asked = f"SELECT {writes} AND has_table_privilege('loccit.papers', 'INSERT')"
        with refusals(self._database):
            if session.execute(asked).fetchone() != (True,):
                what = f"{self._database}: this role may only read."
                raise StorageError(what, "Connect as a role that may write, see docs/how-to/postgresql.md.")

    def open(self) -> Index:
        """Open the current generation; see ``Snapshot.open``."""
        return Snapshot.open(self._database, self.folder)

    def publish(self, papers: Papers, origin: Origin, base: Index | None) -> Manifest:
        """Make ``papers`` the current generation; see ``index.store.target.Target``."""
        if self._session is None:
            raise ValueError("publishing without the lock")
        with refusals(self._database), self._session.transaction():
            return _publish(self._session, papers, origin)

    def collect(self) -> None:
        """Do nothing: what no transaction reads any more is for autovacuum."""

    def held(self) -> set[str]:
        """Return the ids of all papers: earlier generations are not kept."""
        with self.open() as index:
            return set(index.given())


def _publish(session: Session, papers: Papers, origin: Origin) -> Manifest:
    held = session.execute("SELECT id, source, used FROM papers").fetchall()
    before = {key: (source, used) for key, source, used in held}
    after = {key: (source, key not in papers.aside) for key, source in papers.sources.items()}
    fresh = sorted((set(papers.fresh) & after.keys()) | (after.keys() - before.keys()))
    kept = sorted(after.keys() - set(fresh))
    gone = sorted(before.keys() - set(kept))
    changed = [*gone, *fresh, *(key for key in kept if before[key][1] != after[key][1])]
    change_counts(session, changed, -1)
    session.execute("DELETE FROM papers WHERE id = ANY(%s)", (gone,))
    for key in kept:
        if before[key] != after[key]:
            session.execute("UPDATE papers SET source = %s, used = %s WHERE id = %s", (*after[key], key))
    for key in fresh:
        vectors = papers.passage_vectors(key), papers.sentence_vectors(key)
        put_paper(session, papers.paper(key), *vectors, used=after[key][1])
    change_counts(session, changed, 1)
    generation, created = put_state(session, origin)
    sums = "count(*), coalesce(sum(passages), 0)::bigint, coalesce(sum(sentences), 0)::bigint"
    (row,) = session.execute(f"SELECT {sums} FROM papers WHERE used").fetchall()
    return Manifest(FORMAT, generation, origin.previous, created, origin.model, Counts(*row), (), ())
