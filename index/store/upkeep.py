"""Upkeep of an index: what no reader needs is collected, a generation taken back, and checksums compared."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from index.errors import FormatMismatch, IndexDamaged, IndexLocked, IndexMissing
from index.files import LOCAL_DISK, Disk, FileRecord, check, refusals
from index.segments.arrays import MARK, ArraysRecord, mark_of
from index.segments.segment import Segment
from index.store.generation import SEGMENTS
from index.store.open import (
    CURRENT,
    current_generation,
    generation_folder,
    generations,
    open_generation,
    read_manifest,
    read_pointer,
)
from index.store.pins import pinned
from index.store.publish import PART, make_current, writing

KEPT_BEFORE = 2  #: generations kept besides the current one
_OURS = re.compile(r"gen-\d{8}|staging|\.CURRENT\.part")
_SEGMENT = re.compile(r"[0-9a-f]{32}\.seg")


def collect(folder: Path, disk: Disk = LOCAL_DISK) -> tuple[Path, ...]:
    """Remove what no reader needs and return it; the lock must be held.

    Kept are the current generation, the ``KEPT_BEFORE`` generations before it, pinned ones, and the
    segments of all these. While ``CURRENT`` is damaged every generation is kept.
    """
    current = current_generation(folder)
    kept = set(generations(folder)) if current is None else _chain(folder, current) | pinned(folder)
    names = {generation_folder(folder, number).name for number in kept}
    with refusals(folder):
        ours = sorted(item for item in folder.iterdir() if _OURS.fullmatch(item.name))
    gone = [item for item in ours if item.name not in names]
    gone += _unused(folder, kept)
    for item in gone:
        disk.remove(item)
    return tuple(gone)


def _unused(folder: Path, kept: Collection[int]) -> list[Path]:
    """Return the segments that none of the ``kept`` generations uses; none while one is unreadable."""
    used: set[str] = set()
    for number in kept:
        try:
            used |= {record.name for record in read_manifest(generation_folder(folder, number))[0].segments}
        except FormatMismatch:
            continue
        except IndexDamaged:
            return []
    with refusals(folder):
        there = sorted((folder / SEGMENTS).iterdir()) if (folder / SEGMENTS).is_dir() else []
    ours = [item for item in there if _SEGMENT.fullmatch(item.name.removesuffix(MARK)) or item.name == PART]
    return [item for item in ours if item.name.removesuffix(MARK) not in used]


def _chain(folder: Path, number: int) -> set[int]:
    """Return generation ``number`` and those it was published over, ``KEPT_BEFORE`` at most."""
    chain = {number}
    there = generations(folder)
    at = number
    for _ in range(KEPT_BEFORE):
        try:
            before = read_manifest(generation_folder(folder, at))[0].previous
        except IndexDamaged:  # any older generation may have to replace it
            return chain | {other for other in there if other < number}
        except FormatMismatch:  # no release that reads the current one reads those before
            return chain - {at}
        if before is None or before not in there:
            break
        chain.add(before)
        at = before
    return chain


def rollback(folder: Path, expected: tuple[int, str] | None = None) -> int:
    """Make the generation before the current one current; return its number.

    Args:
        folder: of the index.
        expected: what ``read_pointer`` gave when the caller chose to go back; None for any.

    Raises:
        IndexMissing: there is none.
        IndexDamaged: it is damaged.
        IndexLocked: another process is writing, or has made another generation current than ``expected``.
    """
    _require(folder)
    with writing(folder):
        if expected is not None and read_pointer(folder) != expected:
            raise IndexLocked(f"{folder}: the papers have changed meanwhile.", "Look at them and try again.")
        current = current_generation(folder)
        if current is None and generations(folder):
            raise IndexDamaged(pointer_damage(folder), "Build it again from the papers: loccit build FOLDER")
        if current is None:
            raise IndexMissing(f"{folder}: there is no index to roll back.", "Build one: loccit build FOLDER")
        previous = read_manifest(generation_folder(folder, current))[0].previous
        if previous is None or previous not in generations(folder):
            raise IndexMissing(f"{folder}: there is no generation before {current}.", "Nothing was changed.")
        open_generation(folder, previous).close()
        make_current(folder, previous)
        return previous


def _require(folder: Path) -> None:
    """Raise an ``IndexMissing`` for a folder that does not exist, before taking its lock makes it."""
    if not folder.is_dir():
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one: loccit build FOLDER")


def gc(folder: Path) -> tuple[Path, ...]:
    """Take the lock and ``collect``.

    Raises:
        IndexMissing: there is no such folder.
    """
    _require(folder)
    with writing(folder):
        return collect(folder)


def verify(folder: Path) -> dict[int, IndexDamaged | FormatMismatch | None]:
    """Compare every checksum of every generation; return the damage by number, None for an intact one.

    Raises:
        IndexMissing: there is no generation.
    """
    damage: dict[int, IndexDamaged | FormatMismatch | None] = {}
    read: dict[str, IndexDamaged | None] = {}  # what reading each segment gave; generations share them
    for number in generations(folder):
        try:
            for record in read_manifest(generation_folder(folder, number))[0].segments:
                if record.name not in read:
                    read[record.name] = _damage(folder / SEGMENTS, record)
                if (found := read[record.name]) is not None:
                    raise found
            open_generation(folder, number).close()
            damage[number] = None
        except (IndexDamaged, FormatMismatch) as error:
            damage[number] = error
    if not damage:
        raise IndexMissing(f"{folder}: there is no index to verify.", "Build one: loccit build FOLDER")
    return damage


def _damage(place: Path, record: ArraysRecord) -> IndexDamaged | None:
    """Read a whole segment; mark it if it is damaged, so that builds replace it."""
    try:
        check(place, FileRecord(record.name, record.size, record.sha256))
        Segment(place, record, marked=True)
    except IndexDamaged as error:
        with suppress(OSError):
            mark_of(place / record.name).touch()
        return error
    with suppress(OSError):  # a mark that is wrong, because the file was brought back
        mark_of(place / record.name).unlink(missing_ok=True)
    return None


def pointer_damage(folder: Path) -> str:
    """Return what is wrong with ``CURRENT``, "" if it names a generation and its checksum."""
    path = folder / CURRENT
    pointer = read_pointer(folder)
    if pointer is None:
        return f"{path}: it is missing or damaged."
    number, digest = pointer
    try:
        _, actual = read_manifest(generation_folder(folder, number))
    except (IndexDamaged, FormatMismatch) as error:
        return f"{path}: it names generation {number}, and {error.message}"
    return "" if actual == digest else f"{path}: the checksum is not that of generation {number}."
