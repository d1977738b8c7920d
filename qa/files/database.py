"""SQLite files beside the index, shared by sessions and processes: what people keep, not what is searched."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from index.errors import StorageError
from index.files import refusals

_WAIT = 5  #: seconds to wait for other sessions, and again for other processes
#: Held by the session that uses a file: SQLite lets those that wait for it try again at random, so that under
#: load some would wait for ever.
_TURN = threading.Lock()


@contextmanager
def opened(path: Path, steps: Sequence[Sequence[str]]) -> Iterator[sqlite3.Connection]:
    """Yield a connection; its changes are committed on leaving, or undone after an error.

    The file is created if need be, readable for its user only. Deleted text is overwritten with zeros.

    Args:
        path: of the file.
        steps: the statements that bring the schema from each version to the next; version 0 is an empty file,
            or one from before versions were counted.

    Raises:
        StorageError: the file cannot be used, is damaged, or is of a newer version.
    """
    if not _TURN.acquire(timeout=_WAIT):
        raise StorageError(f"{path}: in use.", "Try again.")
    try:
        with refusals(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=_WAIT)) as base:
            base.execute("PRAGMA journal_mode = WAL")  # readers and writers of several sessions do not block
            base.execute("PRAGMA secure_delete = ON")
            base.execute("PRAGMA foreign_keys = ON")
            _bring_up_to_date(base, path, steps)
            with base:
                yield base
    except sqlite3.Error as error:
        raise StorageError(
            f"{path}: {error}.", "Check the file, its permissions and the free disk space."
        ) from error
    finally:
        _TURN.release()


def forget_deleted(base: sqlite3.Connection) -> None:
    """Commit, and remove what was deleted from the write-ahead log too."""
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _bring_up_to_date(base: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]]) -> None:
    if _version(base) == len(steps):
        return
    with base:
        base.execute("BEGIN IMMEDIATE")
        version = _version(base)  # another process may have been faster
        if version > len(steps):
            raise StorageError(f"{path}: written by a newer version of Loccit.", "Update Loccit.")
        for step in steps[version:]:
            for statement in step:
                base.execute(statement)
        base.execute(f"PRAGMA user_version = {len(steps)}")


def _version(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])
