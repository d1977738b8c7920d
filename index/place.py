"""Where an index is: a folder, or a database. Importing this loads neither."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from index.postgres.address import Database

if TYPE_CHECKING:
    from index.store.index import Index
    from index.store.target import Target

Place = Path | Database


def open_at(place: Place, *, salvage: bool = False) -> Index:
    """Open the current generation; see ``index.store.open.open_index`` and ``index.postgres.snapshot``."""
    if isinstance(place, Path):
        from index.store.open import open_index

        return open_index(place, salvage=salvage)
    from index.postgres.snapshot import Snapshot

    return Snapshot.open(place, beside(place))


def current_at(place: Place) -> tuple[int, str] | None:
    """Return what tells the current generation from others; None if nothing was published, or it is damaged.

    Raises:
        StorageError: the system, or the database, refuses to read.
    """
    if isinstance(place, Path):
        from index.store.open import read_pointer

        return read_pointer(place)
    from index.postgres.current import current

    return current(place)


def target_at(place: Place) -> Target:
    """Return where a build publishes."""
    if isinstance(place, Path):
        from index.store.target import Folder

        return Folder(place)
    from index.postgres.target import Target as DatabaseTarget

    return DatabaseTarget(place, beside(place))


def beside(place: Place) -> Path:
    """Return the folder of what this machine keeps beside the index: files of papers, unfinished work."""
    if isinstance(place, Path):
        return place
    from platformdirs import user_data_path

    name = hashlib.sha256(str(place).encode()).hexdigest()[:16]
    return user_data_path("loccit", appauthor=False) / "databases" / name
