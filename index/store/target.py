"""Where a build takes its papers from and publishes them: a folder, or anything else that keeps an index."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.errors import IndexMissing
from index.files import LOCAL_DISK, Disk
from index.store.generation import Generation
from index.store.index import Index
from index.store.manifest import Manifest
from index.store.open import generations, open_generation, open_index
from index.store.publish import Origin, Papers, publish, writing
from index.store.upkeep import collect


class Target(Protocol):
    """A place that keeps an index. What it raises is that of ``Folder``."""

    @property
    def folder(self) -> Path:
        """The folder of this machine for unfinished work; the index itself, if it is kept in a folder."""

    def writing(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Keep other writers out during the block, after waiting for them at most ``wait`` seconds.

        Raises:
            IndexLocked: another process is writing.
        """

    def open(self) -> Index:
        """Open the current generation to build on it.

        Raises:
            IndexMissing: nothing was ever published there.
            IndexDamaged, FormatMismatch, StorageError: it cannot be used.
        """

    def publish(self, papers: Papers, origin: Origin, base: Index | None) -> Manifest:
        """Make ``papers`` the current generation at once; inside ``writing``.

        Args:
            papers: all papers; those that are not fresh are taken from ``base``.
            origin: model and further files.
            base: what ``open`` gave, None if there is nothing to build on.

        Raises:
            StorageError: refused; the generation before stays current.
        """

    def collect(self) -> None:
        """Remove what no reader needs; inside ``writing``."""

    def held(self) -> set[str]:
        """Return the ids of the papers that any kept generation uses or sets aside.

        Raises:
            IndexMissing: nothing was ever published there.
            IndexDamaged, FormatMismatch, StorageError: a generation cannot be read.
        """


@dataclass(frozen=True)
class Folder:
    """The ``Target`` of an index in a folder."""

    folder: Path
    disk: Disk = LOCAL_DISK

    def writing(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold the lock of the index; see ``index.store.publish.writing``."""
        return writing(self.folder, wait, self.disk)

    def open(self) -> Index:
        """Open the current generation, or what can be read of it."""
        return open_index(self.folder, salvage=True)

    def publish(self, papers: Papers, origin: Origin, base: Index | None) -> Manifest:
        """Write a generation; see ``index.store.publish.publish``."""
        before = base if isinstance(base, Generation) else None
        return publish(self.folder, papers, origin, self.disk, before)

    def collect(self) -> None:
        """Remove generations and segments; see ``index.store.upkeep.collect``."""
        collect(self.folder, self.disk)

    def held(self) -> set[str]:
        """Return the ids of the papers of all generations in the folder."""
        kept: set[str] = set()
        numbers = generations(self.folder)
        if not numbers:
            raise IndexMissing(f"{self.folder}: there is no index yet.", "Build one: loccit build FOLDER")
        for number in numbers:
            with open_generation(self.folder, number, pinned=True) as index:
                kept |= index.given().keys()
        return kept


def target_of(place: Path | Target) -> Target:
    """Return the target itself, or that of an index in a folder."""
    return Folder(place) if isinstance(place, Path) else place
