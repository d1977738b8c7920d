"""A connection for reading that mends itself, and never shows a second generation."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from index.errors import IndexMissing
from index.postgres.address import Database
from index.postgres.connect import connect, refusals
from index.postgres.schema import BUILD, require_version

if TYPE_CHECKING:
    from index.postgres.connect import Session

T = TypeVar("T")

_STATE = "SELECT generation, created, model, fingerprint, dimension, max_pieces FROM state"


class Link:
    """Reads one generation in one transaction. Thread-safe.

    A server that restarts, a standby that takes over or a timeout ends the transaction. The next read opens
    another one, which is used only if it sees the same publication.
    """

    def __init__(self, database: Database) -> None:
        """Connect, and stay with the generation that is current now.

        Raises:
            IndexMissing: nothing was published.
            OlderFormat, FormatMismatch: another version of Loccit made the tables.
            StorageError: the database refused.
        """
        self.database = database
        self._lock = threading.Lock()
        self._ended = False
        self._session = self._connected()
        try:
            with refusals(database):
                require_version(self._session, database)
                self.state = self._current()  #: generation, date, and the model's four values
        except BaseException:
            self._session.close()
            raise

    def run(self, read: Callable[[Session], T]) -> T:
        """Return what ``read`` gives; if the connection is lost on the way, it starts again on another one.

        Raises:
            IndexMissing: meanwhile another generation was published.
            StorageError: the database refused. The next call starts afresh.
        """
        from psycopg import Error

        with self._lock, refusals(self.database):
            try:
                return read(self._live())
            except Error:  # that a server ends idle transactions is no ``OperationalError``
                if not self._session.broken or self._ended:
                    raise
            return read(self._live())

    def rows(self, query: str, parameters: object = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one query; raises as ``run``."""
        return self.run(lambda session: session.execute(query, parameters, binary=True).fetchall())  # type: ignore[call-overload]  # psycopg wants literal queries

    def _live(self) -> Session:
        """Return the session in a transaction that sees ``state``."""
        from psycopg.pq import TransactionStatus as Status

        if self._session.closed and not self._ended:
            self._closing()
            self._session = self._connected()
        if self._session.info.transaction_status == Status.INERROR:
            self._session.rollback()
        if self._session.info.transaction_status == Status.IDLE:
            require_version(self._session, self.database)
            if (now := self._current()) != self.state:
                self._session.rollback()  # so that the next call compares again
                what = f"{self.database}: generation {self.state[0]} was replaced by {now[0]}"
                raise IndexMissing(f"{what} while there was no connection.", "Open the index again.")
        return self._session

    def _connected(self) -> Session:
        session = connect(self.database, reading=True)
        # The app drops earlier generations without closing them, because other sessions may still show them.
        self._closing = weakref.finalize(self, session.close)
        return session

    def _current(self) -> tuple[Any, ...]:
        row = self._session.execute(_STATE).fetchone()
        if row is None:
            raise IndexMissing(f"{self.database}: there is no index yet.", BUILD)
        return row

    def close(self) -> None:
        """End the transaction and close the connection."""
        self._ended = True
        self._session.close()
