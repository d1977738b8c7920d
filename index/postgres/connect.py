"""Connections to a database, and its refusals as Loccit's errors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.errors import StorageError, UsageError
from index.postgres.address import Database

if TYPE_CHECKING:
    from psycopg import Connection

    Session = Connection[tuple[Any, ...]]

_TIMEOUT = 10  #: seconds to wait for a connection, unless the address says otherwise
_SEARCH_PATH = "SELECT set_config('search_path', 'loccit, ' || current_setting('search_path'), false)"
#: Given up by the server when it is idle, because an open transaction keeps rows that nobody needs; ``Link``
#: then opens another.
_IDLE = "SELECT set_config('idle_in_transaction_session_timeout', '60s', false)"
_RIGHTS = "Connect as a role with the rights listed in docs/how-to/postgresql.md, or ask for them."
_CANCELLED = "Nothing was changed. Try again, or have statement_timeout and lock_timeout of this role raised."
_UNREACHED = "Check the address and the password, and that the server runs and has a connection to spare."
_UNKNOWN = "Try again; if it stays so, see the server's log."
#: What a server says before a session begins has no code that psycopg could tell.
_ABSENT = re.compile(r'database "(.+)" does not exist')
_VECTOR = "Install pgvector on the server (docs/how-to/postgresql.md), or have its administrator do so."


def connect(database: Database, *, reading: bool) -> Session:
    """Open a connection; with ``reading``, all that it reads is of one moment.

    Raises:
        UsageError: psycopg is not installed, or the address is invalid.
        StorageError: the server cannot be reached, or refuses.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        remedy = "Install it: pip install 'loccit[postgres]'"
        raise UsageError(f"{database}: needs psycopg, which is not installed ({error}).", remedy) from error
    try:
        given = conninfo_to_dict(database.uri)
    except psycopg.ProgrammingError:  # its message may quote the address
        what = f"{database}: not a valid address."
        raise UsageError(what, "Write postgresql://USER@HOST:5432/NAME") from None
    with refusals(database):
        # Plans are never kept: a generic one can use an HNSW index where exact search is asked for.
        session = psycopg.connect(
            database.uri,
            prepare_threshold=None,
            connect_timeout=given.get("connect_timeout", _TIMEOUT),
            client_encoding="UTF8",
            autocommit=not reading,
            application_name="loccit",
        )
        session.execute(_SEARCH_PATH)
        if reading:
            session.execute(_IDLE)
            session.commit()
            session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            session.read_only = True
    return session


@contextmanager
def refusals(database: Database) -> Iterator[None]:
    """Raise what the database refuses during the block as a ``StorageError`` of one line."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        reason = _reason(error)
        if absent := _ABSENT.fullmatch(reason):
            remedy = f"Create it on that server (createdb {shlex.quote(absent[1])}), or name another one."
        else:
            remedy = next((remedy for kinds, remedy in _remedies() if isinstance(error, kinds)), _UNKNOWN)
        raise StorageError(f"{database}: {reason}.", remedy) from error


def _remedies() -> list[tuple[tuple[type[Exception], ...], str]]:
    """Return what to do about each kind of error; the first kind that fits counts."""
    from psycopg import OperationalError, errors

    return [
        ((errors.InsufficientPrivilege,), _RIGHTS),
        ((errors.ReadOnlySqlTransaction,), "Connect to the primary server, as a role that may write."),
        ((errors.FeatureNotSupported, errors.UndefinedFile, errors.UndefinedObject), _VECTOR),
        ((errors.DiskFull,), "Nothing was changed. Make room on the server's disk and try again."),
        ((errors.QueryCanceled, errors.LockNotAvailable), _CANCELLED),
        ((OperationalError,), _UNREACHED),
    ]


def _reason(error: Exception) -> str:
    """Return the first line of the server's message, without what libpq puts before it."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line.rpartition("FATAL:")[2].strip().rstrip(".")
